/**
 * `npm run fuzz`: runs hostile inputs against each subject, as many as requested. Each subject runs in a worker, so that a case that
 * never ends is reported instead of blocking the run.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fuzz, type FuzzOptions, type Summary } from '../tests/fuzz/fuzz.ts';
import { SUBJECTS } from '../tests/fuzz/subjects/index.ts';
import { runProgram } from './test/program.ts';

interface Task extends Omit<FuzzOptions, 'cases'> {
  readonly subject: string;
  /** Null: the subject's own number. */
  readonly cases: number | null;
  /** One number: the case that is running. */
  readonly at: SharedArrayBuffer;
}

/** A case that takes longer than this counts as endless. */
const STUCK_MS = 120_000;

/** Sequences of the page's actions. They need Vitest, which compiles the page's state. */
const INTERLEAVINGS = 'interleavings';
const MORE_SEQUENCES = 20_000;
/** A sequence takes 30 ms on a quiet machine. */
const SEQUENCE_MS = 500;
const NAMES = [...Object.keys(SUBJECTS), INTERLEAVINGS];

const USAGE = `npm run fuzz -- [--subject NAME]… [--cases N] [--seed N] [--from N]

  --subject  one of ${NAMES.join(', ')}; may be given again; default: all
  --cases    inputs for each subject; default: as many as each subject says
  --seed     default 1
  --from     number of the first case; default 0`;

if (isMainThread) await main();
else await work(workerData as Task);

async function work({ subject, cases, at, ...options }: Task): Promise<void> {
  const opened = await SUBJECTS[subject]!();
  const place = new Int32Array(at);
  const onCase = (index: number): void => void (place[0] = index);
  parentPort!.postMessage(await fuzz(opened, { ...options, cases: cases ?? opened.cases, onCase }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      subject: { type: 'string', multiple: true },
      cases: { type: 'string' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.subject ?? NAMES;
  const cases = values.cases === undefined ? null : Number(values.cases);
  const [seed, from] = [Number(values.seed), Number(values.from)];
  const valid = [cases ?? 1, seed, from].every((one) => Number.isSafeInteger(one) && one >= 0);
  if (values.help || !valid || names.some((name) => !NAMES.includes(name))) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  for (const subject of names) {
    if (subject === INTERLEAVINGS) {
      await interleavings(cases ?? MORE_SEQUENCES, seed);
      continue;
    }
    const outcome = await inWorker({ subject, cases, seed, from, at: new SharedArrayBuffer(4) });
    if (typeof outcome === 'string') console.log(`FAILED ${subject} (seed ${seed}): ${outcome}`);
    else print(subject, seed, outcome);
    if (typeof outcome === 'string' || outcome.failures.length > 0) process.exitCode = 1;
  }
}

/** tests/page/interleavings.test.ts with more sequences, and others. */
async function interleavings(sequences: number, seed: number): Promise<void> {
  const start = performance.now();
  const { code, output } = await runProgram(
    'vitest',
    ['run', '--project', 'page', 'tests/page/interleavings.test.ts', '--testTimeout=0'],
    false,
    { limit: 60_000 + sequences * SEQUENCE_MS, signal: new AbortController().signal },
    { LOGITSCOPE_SEQUENCES: String(sequences), LOGITSCOPE_SEED: String(seed) },
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${code === 0 ? 'ok    ' : 'FAILED'} ${INTERLEAVINGS}: ${sequences} sequences (seed ${seed}); ${seconds} s`,
  );
  if (code === 0) return;
  console.log(output.replace(/^/gm, '    '));
  process.exitCode = 1;
}

/** @returns the results of the cases, or why the worker did not finish */
function inWorker(task: Task): Promise<Summary | string> {
  const place = new Int32Array(task.at);
  const worker = new Worker(import.meta.filename, { workerData: task });
  return new Promise((resolve) => {
    let seen = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      if (place[0] !== seen) [seen, since] = [place[0]!, performance.now()];
      else if (performance.now() - since > STUCK_MS)
        finish(`case ${seen} has not ended after ${STUCK_MS / 1000} s`);
    }, 1000);
    const finish = (outcome: Summary | string): void => {
      clearInterval(watch);
      resolve(outcome);
      void worker.terminate();
    };
    worker.on('message', finish);
    worker.on('error', (error) => finish(`case ${place[0]} ended the worker: ${String(error)}`));
    worker.on('exit', () => finish(`the worker ended at case ${place[0]}`));
  });
}

function print(subject: string, seed: number, summary: Summary): void {
  const { cases, accepted, typedErrors, other, slow, large, slowestMs, seconds, failures } = summary;
  const word = failures.length > 0 ? 'FAILED' : 'ok    ';
  console.log(
    `${word} ${subject}: ${cases} cases (seed ${seed}): ${accepted} accepted, ${typedErrors} typed errors, ${other} other, ` +
      `${slow} slow, ${large} large; slowest ${Math.round(slowestMs)} ms; ${seconds.toFixed(1)} s`,
  );
  for (const failure of failures) console.log(failure.replace(/^/gm, '    '));
}
