/**
 * `npm test`: runs the set-up, every check and every test; no failure hides another. It ends with a table and one line,
 * `N passed, N failed`, in which a check counts as one test.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from './setup/paths.ts';
import { firefoxIsHere, HOW_TO_GET_FIREFOX } from '../tests/setup/firefox.ts';
import { findLlamaServer, HOW_TO_GET_ONE } from '../tests/setup/llama_server.ts';
import { HOW_TO_GET_WEBKIT, webkitIsHere } from '../tests/setup/webkit.ts';
import { sentence, sum } from './test/report.ts';
import { type Step, type StepResult, check, runSteps, tests } from './test/step.ts';

/** Time limit of a step: several times what a step takes on two quiet cores. */
const LIMIT_MS = 20 * 60_000;

/** Ctrl + C ends the running steps and still prints their results. */
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
const limits = { limit: LIMIT_MS, signal: interrupt.signal };

const command = (name: string, program: string, ...args: string[]): Step => ({
  name,
  run: () => check(name, program, args, limits),
});
const project = (name: string): Step => ({ name, run: () => tests(name, ['--project', name], limits) });
/** This test measures the page's frames, so nothing else may run beside it. */
const FRAMES = 'playground_streaming.test.ts';
const onGpu = (name: string): Step => ({ ...project(name), heavy: true });
/** Splits the browser tests' files into three parts of similar size. Vitest's own shards only consider the number of files. */
function partOfE2e(part: number): string[] {
  const folder = 'tests/e2e';
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && name !== FRAMES);
  const sized = files.map((name) => ({ name, size: statSync(join(folder, name)).size }));
  sized.sort((a, b) => b.size - a.size);
  // The order alternates, so that the largest file of one round goes with the smallest of the next.
  const inPart = (i: number): boolean => (Math.floor(i / 3) % 2 === 0 ? i % 3 : 2 - (i % 3)) === part;
  return sized.filter((_, i) => inPart(i)).map(({ name }) => join(folder, name));
}

/** A project that drives the built page. */
const browser = (name: string, project: string, ...args: string[]): Step => ({
  name,
  heavy: true,
  run: () => tests(name, ['--project', project, ...args], limits, { LOGITSCOPE_BUILT: '1' }),
});

const afterBuild = (step: Step): Step => ({ ...step, needs: 'build' });

const inFirefox = (page: 'built' | 'served'): Step =>
  browser(`firefox ${page}`, `firefox-${page}`, '--tags-filter=flow');

const llamaServer = findLlamaServer();

// Two steps run at a time. Beside one that drives a browser or a GPU, only one that drives neither may run.
const steps: Step[] = [
  command('build', 'vite', 'build', '--logLevel=warn'),
  command('typecheck', 'tsc', '--noEmit'),
  afterBuild(browser('e2e 1', 'e2e', ...partOfE2e(0))),
  onGpu('gpu'),
  afterBuild(browser('e2e 2', 'e2e', ...partOfE2e(1))),
  afterBuild(browser('e2e 3', 'e2e', ...partOfE2e(2))),
  ...(firefoxIsHere ? [inFirefox('built'), inFirefox('served')].map(afterBuild) : []),
  ...(webkitIsHere ? [afterBuild(browser('webkit', 'webkit'))] : []),
  ...(llamaServer ? [afterBuild(browser('llama-server', 'llama-server'))] : []),
  // It loads one small model after another, which leaves room for a browser beside it.
  project('conformance'),
  project('page'),
  project('unit'),
  project('ui'),
  command('svelte-check', 'svelte-check', '--fail-on-warnings', '--output', 'human'),
  command('eslint', 'eslint', '--max-warnings=0', '.'),
  command('prettier', 'prettier', '--check', '--log-level=warn', '.'),
  command('platform', 'node', 'scripts/run.mjs', 'check_platform'),
  command('arrows', 'depcruise', '--output-type=err', 'src'),
  command('knip', 'knip'),
  afterBuild(command('bundle', 'node', 'scripts/run.mjs', 'check_bundle')),
];

const started = performance.now();
const setUp = await check('setup', 'node', ['scripts/run.mjs', 'setup'], limits);
const results: StepResult[] = [setUp, ...(await runSteps(steps, 2, interrupt.signal))];
// Frames count in the Chromium that visitors have, not in its headless shell.
const chromium = findChromium();
const frames: Step = {
  name: 'e2e frames',
  run: () =>
    tests('e2e frames', ['--project', 'e2e', join('tests/e2e', FRAMES)], limits, {
      LOGITSCOPE_BUILT: '1',
      ...(chromium === null ? {} : { LOGITSCOPE_CHROMIUM: chromium }),
    }),
};
results.push(...(await runSteps([frames], 1, interrupt.signal)));

const total = sum(results.map((result) => result.tally));
for (const name of total.skippedNames) console.log(`skipped: ${name}`);
if (!firefoxIsHere) console.log(`left out: the tests in Firefox; ${HOW_TO_GET_FIREFOX}`);
if (!webkitIsHere) console.log(`left out: the tests in WebKitGTK; ${HOW_TO_GET_WEBKIT}`);
if (!llamaServer) console.log(`left out: the tests against a llama.cpp server; ${HOW_TO_GET_ONE}`);
for (const note of total.notes) console.log(note);
console.log();
for (const { name, tally, seconds } of results) {
  console.log(`${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s   ${sentence(tally)}`);
}
console.log(`${'in all'.padEnd(14)}${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s`);
console.log(sentence(total));
process.exitCode = total.failed > 0 ? 1 : 0;
