#!/usr/bin/env node
// Runs a TypeScript script of this folder in Node: `node scripts/run.mjs headless --model m.gguf`. Vite bundles it first, so
// that it may import what the page imports (WGSL files included) and its inner loops run as they do in the page.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const [node, , script, ...rest] = process.argv;
const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'scripts', `${script}.ts`);

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
  build: { ssr: source, outDir, minify: false, sourcemap: 'inline', target: 'node20' },
});
process.setSourceMapsEnabled(true);
process.argv = [node, source, ...(rest[0] === '--' ? rest.slice(1) : rest)];
await import(pathToFileURL(join(outDir, `${script}.js`)).href);
