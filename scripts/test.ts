/**
 * `npm test`: the set-up, every check and every test; no failure hides another. Ends with a table
 * and one line, `N passed, N failed`, in which a check counts as one test.
 */
import { firefoxIsHere, HOW_TO_GET_FIREFOX } from '../tests/setup/firefox.ts';
import { findLlamaServer, HOW_TO_GET_ONE } from '../tests/setup/llama_server.ts';
import { sentence, sum } from './test/report.ts';
import { type StepResult, check, tests } from './test/step.ts';

const setUp = await check('setup', 'node', 'scripts/run.mjs', 'setup');

// Two at a time: each is a process of one thread, more or less.
const checks = await Promise.all([
  inTurn(
    () => check('typecheck', 'tsc', '--noEmit'),
    () => check('eslint', 'eslint', '--max-warnings=0', '.'),
  ),
  inTurn(
    () => check('svelte-check', 'svelte-check', '--fail-on-warnings', '--output', 'human'),
    () => check('knip', 'knip'),
    () => check('arrows', 'depcruise', '--output-type=err', 'src'),
    () => check('prettier', 'prettier', '--check', '--log-level=warn', '.'),
    () => check('build', 'vite', 'build', '--logLevel=warn'),
    () => check('bundle', 'node', 'scripts/run.mjs', 'check_bundle'),
  ),
]);

const projects = ['unit', 'ui', 'page', 'gpu', 'conformance', 'e2e'];
if (firefoxIsHere) projects.push('firefox');
const llamaServer = findLlamaServer();
if (llamaServer) projects.push('llama-server');
const tested = await inTurn(...projects.map((project) => () => tests(project)));
const results = [setUp, ...checks.flat(), ...tested];

const total = sum(results.map((result) => result.tally));
for (const name of total.skippedNames) console.log(`skipped: ${name}`);
if (!firefoxIsHere) console.log(`left out: the tests in Firefox; ${HOW_TO_GET_FIREFOX}`);
if (!llamaServer) console.log(`left out: the tests against a llama.cpp server; ${HOW_TO_GET_ONE}`);
console.log();
for (const { name, tally, seconds } of results) {
  console.log(`${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s   ${sentence(tally)}`);
}
console.log(sentence(total));
process.exitCode = total.failed > 0 ? 1 : 0;

async function inTurn(...steps: readonly (() => Promise<StepResult>)[]): Promise<StepResult[]> {
  const done: StepResult[] = [];
  for (const step of steps) done.push(await step());
  return done;
}
