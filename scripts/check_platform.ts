/**
 * Finds the browsers that have every API that `src` uses, from its types and MDN's table of browser compatibility. It fails if Safari
 * 26 lacks one, or if the README or the page names other versions than it finds.
 */
import { readFileSync } from 'node:fs';
import { platformUses } from './platform/uses.ts';
import { minimum, requirements } from './platform/versions.ts';

/** The latest version of WebKit that the source may require. */
const SAFARI = 26;

/** APIs that the source works without, and how. */
const GUARDED = {
  'GPUAdapterInfo.isFallbackAdapter': 'absent it counts as false',
  'GPUError.message': 'Safari 26 has it on each kind of error; the class that they share came later',
};

/** Each sentence names Chrome and Edge, Safari and Firefox, in this order. */
const SENTENCES = {
  'README.md': /Chrome or Edge (\d+), Safari (\d+), Firefox (\d+)/,
  'src/engines/webgpu/browser/missing_webgpu.ts': /Chrome or Edge (\d+), Safari (\d+) and Firefox (\d+)/,
  'src/engines/webgpu/gpu/device.ts': /Chrome or Edge (\d+), Safari (\d+) or Firefox (\d+)/,
};

const root = process.cwd();
const needs = requirements(root, platformUses(root, 'src'), GUARDED);
const oldest = minimum(needs);
const problems = needs
  .filter(({ since }) => since.safari > SAFARI)
  .map(({ feature, places }) => `${feature} is not in Safari ${SAFARI}: ${places.join(', ')}`);

const wanted = [Math.max(oldest.chrome.version, oldest.edge.version), SAFARI, oldest.firefox.version];
for (const [file, sentence] of Object.entries(SENTENCES)) {
  const named = sentence.exec(readFileSync(file, 'utf8'))?.slice(1).map(Number);
  if (named?.join() !== wanted.join())
    problems.push(
      `${file} names ${named?.join(', ') ?? 'no versions'}, and Chrome or Edge ${wanted.join(', ')} is right`,
    );
}

for (const [browser, { version, feature }] of Object.entries(oldest)) {
  console.log(`${browser.padEnd(8)} ${version}  for ${feature}`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
