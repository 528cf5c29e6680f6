/**
 * `npm test`: the set-up, every check and every test, one after another; no failure hides the next step. Ends with a table
 * and one line, `N passed, N failed`, in which a check counts as one test.
 */
import { sentence, sum } from './test/report.ts';
import { type StepResult, check, tests } from './test/step.ts';

const results: StepResult[] = [
  await check('setup', 'node', 'scripts/run.mjs', 'setup'),
  await check('typecheck', 'tsc', '--noEmit'),
  await check('svelte-check', 'svelte-check', '--fail-on-warnings', '--output', 'human'),
  await check('eslint', 'eslint', '--max-warnings=0', '.'),
  await check('prettier', 'prettier', '--check', '--log-level=warn', '.'),
  await check('knip', 'knip'),
  await check('arrows', 'depcruise', '--output-type=err', 'src'),
  await check('build', 'vite', 'build', '--logLevel=warn'),
  await check('bundle', 'node', 'scripts/run.mjs', 'check_bundle'),
  await tests('unit'),
  await tests('ui'),
  await tests('gpu'),
  await tests('conformance'),
  await tests('e2e'),
];

const total = sum(results.map((result) => result.tally));
for (const name of total.skippedNames) console.log(`skipped: ${name}`);
console.log();
for (const { name, tally, seconds } of results) {
  console.log(`${name.padEnd(14)}${seconds.toFixed(1).padStart(7)} s   ${sentence(tally)}`);
}
console.log(sentence(total));
process.exitCode = total.failed > 0 ? 1 : 0;
