/**
 * Measures what every visitor's browser loads at the start, in kB gzip: the scripts and styles that index.html names, their imports,
 * and the chart library, without the worker, the models, and what is loaded on demand. It fails above the budget, or if a script imports a worker's
 * own script. Needs `npm run build`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = 150;
const DIST = 'dist';
/** The text does not wait for the charts, but every start asks for their library (src/ui/charts/Chart.svelte). */
const CHARTS = /^registry-.*\.js$/;

const html = readFileSync(join(DIST, 'index.html'), 'utf8');
const waiting = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) =>
  join(DIST, match[1]!),
);
const charts = readdirSync(join(DIST, 'assets')).filter((file) => CHARTS.test(file));
if (charts.length !== 1)
  throw new Error(`One script should hold src/ui/charts/registry.ts, not ${charts.length}.`);
waiting.push(join(DIST, 'assets', charts[0]!));
const sizes = new Map<string, number>();

for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
  if (sizes.has(file)) continue;
  const text = readFileSync(file);
  sizes.set(file, gzipSync(text, { level: 9 }).length / 1000);
  if (!file.endsWith('.js')) continue;
  // Static imports and re-exports of a built module: `from"./x.js"` and `import"./x.js"`.
  for (const [, path] of text.toString().matchAll(/(?:from|import)\s*"(\.[^"]+\.js)"/g)) {
    waiting.push(join(dirname(file), path!));
  }
}

const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
for (const [file, size] of [...sizes].sort((a, b) => b[1] - a[1]))
  console.log(`${size.toFixed(1).padStart(8)} kB  ${file}`);
console.log(`${total.toFixed(1).padStart(8)} kB  of ${BUDGET_KB} kB`);
if (sizes.size === 0 || total > BUDGET_KB) {
  console.error(
    `The page loads ${total.toFixed(1)} kB gzip at its start, and ${BUDGET_KB} kB is the budget: load something later.`,
  );
  process.exitCode = 1;
}

// If another script imports a worker's own script, WebKit runs that script a second time: src/worker/engine.worker.ts.
const scripts = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.js'),
);
for (const script of scripts) {
  const text = readFileSync(join(DIST, script), 'utf8');
  for (const [, path] of text.matchAll(
    /(?:\bfrom|\bimport)\s*\(?\s*["'`](\.[^"'`]+\.worker-[^"'`]+\.js)["'`]/g,
  )) {
    console.error(
      `${script} imports ${basename(path!)}, a worker's own script: move what they share out of it.`,
    );
    process.exitCode = 1;
  }
}
