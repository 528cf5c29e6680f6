#!/usr/bin/env node
// Runs a TypeScript script of this folder in Node: `node scripts/run.mjs headless --model m.gguf`. Vite bundles it first, so
// that it can import what the page imports (WGSL files included), and its inner loops run as they do in the page.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Dawn's warnings about software adapters and missing drivers, which it prints on every search; the scripts report these themselves. */
const NOISE =
  /^Warning: (maxDynamic\w+BuffersPerPipelineLayout artificially|vkCreateInstance)|^ +at .*\/third_party\/dawn\//;

const [, , script, ...rest] = process.argv;
// Building sets this to `production`, which the script and what it starts must not inherit.
const { NODE_ENV: nodeEnv } = process.env;
const root = fileURLToPath(new URL('..', import.meta.url));

// Next to the packages, because the bundle imports them by name.
const cache = join(root, 'node_modules', '.cache');
mkdirSync(cache, { recursive: true });
const outDir = mkdtempSync(join(cache, `${script}-`));
process.on('exit', () => rmSync(outDir, { recursive: true, force: true }));

await build({
  root,
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  // This package declares itself an ES module but ships a UMD file, whose exports Node would not find.
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
// Ctrl + C also reaches the child, which then ends by itself.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill());
child.on('close', (code) => process.exit(code ?? 1));
