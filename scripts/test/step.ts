/** The steps of `npm test`. Each is its own process with a time limit, so that one that fails or hangs hides no other. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENTS_FILE_VARIABLE, readEvents, type TestEvent } from './events.ts';
import { type Limits, runProgram } from './program.ts';
import { type Tally, tallyOfCheck, tallyOfVitest } from './report.ts';

export interface StepResult {
  readonly name: string;
  readonly tally: Tally;
  readonly seconds: number;
}

/** A command that passes or fails as a whole. Its output is shown only if it fails. */
export async function check(
  name: string,
  command: string,
  args: readonly string[],
  limits: Limits,
): Promise<StepResult> {
  const start = performance.now();
  const { code, output, late } = await runProgram(command, args, false, limits);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (code !== 0) console.log(output.trimEnd());
  const tally = tallyOfCheck(code === 0);
  return { name, seconds, tally: late ? { ...tally, notes: [`${name}: ${atLimit(limits)}`] } : tally };
}

/**
 * Runs tests of vitest.config.ts; each test counts.
 * @param args arguments for Vitest, e.g. `--project unit`
 * @param env additional environment variables
 */
export async function tests(
  name: string,
  args: readonly string[],
  limits: Limits,
  env: Record<string, string> = {},
): Promise<StepResult> {
  const start = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'logitscope-test-'));
  const path = join(folder, 'events.jsonl');
  const reporters = ['--reporter=default', '--reporter=scripts/test/reporter.ts'];
  const command = ['run', ...args, ...reporters];
  const { code, late } = await runProgram('vitest', command, true, limits, {
    ...env,
    [EVENTS_FILE_VARIABLE]: path,
  });
  const events = eventsIn(path);
  rmSync(folder, { recursive: true });
  const tally = tallyOfVitest(events, code, late ? atLimit(limits) : undefined);
  const notes = tally.notes.map((note) => `${name}: ${note}`);
  return { name, seconds: (performance.now() - start) / 1000, tally: { ...tally, notes } };
}

const atLimit = ({ limit }: Limits): string => `stopped at its limit of ${Math.round(limit / 1000)} s`;

function eventsIn(path: string): TestEvent[] {
  try {
    return readEvents(readFileSync(path, 'utf8'));
  } catch {
    return [];
  }
}

export interface Step {
  readonly name: string;
  /** A step that must have ended before this one begins. */
  readonly needs?: string;
  /** It drives a browser, or a GPU that the CPU emulates. It uses every core, so no other heavy step may run beside it. */
  readonly heavy?: true;
  run(): Promise<StepResult>;
}

/**
 * Runs steps in their order, a limited number at a time; if one must wait, the next goes first.
 * @param signal once it is aborted, no further step begins
 * @returns their results, in the order in which they ended
 */
export async function runSteps(
  steps: readonly Step[],
  atOnce: number,
  signal: AbortSignal,
): Promise<StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const running = new Map<Step, Promise<void>>();
  while ((waiting.length > 0 && !signal.aborted) || running.size > 0) {
    const over = new Set(results.map(({ name }) => name));
    const busy = [...running.keys()].some(({ heavy }) => heavy);
    const next = waiting.findIndex(
      ({ needs, heavy }) => (needs === undefined || over.has(needs)) && !(heavy && busy),
    );
    if (next !== -1 && running.size < atOnce && !signal.aborted) {
      const step = waiting.splice(next, 1)[0]!;
      const done: Promise<void> = step
        .run()
        .catch((error: unknown) => broken(step.name, error))
        .then((result) => {
          results.push(result);
          running.delete(step);
        });
      running.set(step, done);
    } else if (running.size > 0) await Promise.race(running.values());
    else
      throw new Error(`a step waits for one that never runs: ${waiting.map(({ name }) => name).join(', ')}`);
  }
  return results;
}

/** A step that could not be started. */
function broken(name: string, error: unknown): StepResult {
  const tally = { ...tallyOfCheck(false), notes: [`${name}: ${String(error)}`] };
  return { name, seconds: 0, tally };
}
