#!/usr/bin/env node
// Runs a TypeScript script of this folder in Node through Vite, so that it may import what the page imports
// (WGSL files included): `node scripts/run.mjs headless --model m.gguf`.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [node, , script, ...rest] = process.argv;
const root = fileURLToPath(new URL('..', import.meta.url));
const file = fileURLToPath(new URL(`${script}.ts`, import.meta.url));
process.argv = [node, file, ...(rest[0] === '--' ? rest.slice(1) : rest)];

// The scripts await everything at their top level: the importer is closed when the import is done.
await runnerImport(file, { root, configFile: false, logLevel: 'error' });
