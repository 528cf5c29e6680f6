#!/usr/bin/env node
// Runs a TypeScript script of this folder in Node: `node scripts/run.mjs headless --model m.gguf`. Vite bundles it first, so
// that it may import what the page imports (WGSL files included) and its inner loops run as they do in the page.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** What Dawn says of software adapters, and of missing drivers, whenever it looks for one; the scripts say it in words. */
const NOISE =
  /^Warning: (maxDynamic\w+BuffersPerPipelineLayout artificially|vkCreateInstance)|^ +at .*\/third_party\/dawn\//;

const [, , script, ...rest] = process.argv;
// Building sets this to `production`, which the script and what it starts must not inherit.
const { NODE_ENV: nodeEnv } = process.env;
const root = fileURLToPath(new URL('..', import.meta.url));

// Beside the packages, which the bundle imports by name.
const cache = join(root, 'node_modules', '.cache');
mkdirSync(cache, { recursive: true });
const outDir = mkdtempSync(join(cache, `${script}-`));
process.on('exit', () => rmSync(outDir, { recursive: true, force: true }));

await build({
  root,
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  // A UMD file in a package that calls itself a module: Node itself would not find its exports.
  ssr: { noExternal: ['@mlc-ai/web-xgrammar'] },
  define: { __filename: 'import.meta.filename' },
  build: {
    ssr: join(root, 'scripts', `${script}.ts`),
    outDir,
    minify: false,
    sourcemap: 'inline',
    target: 'node20',
  },
});

if (nodeEnv === undefined) delete process.env.NODE_ENV;
else process.env.NODE_ENV = nodeEnv;
const args = rest[0] === '--' ? rest.slice(1) : rest;
const child = spawn(process.execPath, ['--enable-source-maps', join(outDir, `${script}.js`), ...args], {
  stdio: ['inherit', 'inherit', 'pipe'],
});
createInterface({ input: child.stderr }).on('line', (line) => {
  if (!NOISE.test(line)) process.stderr.write(`${line}\n`);
});
// Ctrl + C reaches the child too, which ends in its own time.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.on('close', (code) => process.exit(code ?? 1));
