import { writeFileSync } from 'node:fs';
import { EngineError } from '../../src/engines/contract.ts';
import { SamplingError } from '../../src/sampling/errors.ts';
import { Chance } from './chance.ts';
import { hold, type Subject } from './subject.ts';

/** The most time and memory that a case may take. */
const MOST_MILLISECONDS = 1000;
const MOST_BYTES = 512 * 2 ** 20;

/** How many failures are shown; the others are only counted. */
const MOST_SHOWN = 5;

export interface Summary {
  readonly cases: number;
  readonly accepted: number;
  /** Cases refused with an error of our own, whose message is a sentence. */
  readonly typedErrors: number;
  readonly other: number;
  readonly slow: number;
  readonly large: number;
  readonly slowestMs: number;
  readonly seconds: number;
  /** The first failures, each with the command that repeats it. */
  readonly failures: readonly string[];
}

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** Number of the first case; default 0. */
  readonly from?: number;
  /** Called before each case. */
  readonly onCase?: (index: number) => void;
}

/** Runs a subject's cases one after another, and counts the outcomes. */
export async function fuzz(
  subject: Subject,
  { cases, seed, from = 0, onCase }: FuzzOptions,
): Promise<Summary> {
  const counts = { accepted: 0, typedErrors: 0, other: 0, slow: 0, large: 0 };
  const failures: string[] = [];
  const began = performance.now();
  let slowestMs = 0;
  for (let index = from; index < from + cases; index++) {
    onCase?.(index);
    const input = subject.generate(new Chance(seed, index));
    const fail = (kind: 'other' | 'slow' | 'large', why: string): void => {
      counts[kind]++;
      if (failures.length >= MOST_SHOWN) return;
      const shown = (subject.show ?? JSON.stringify)(input) ?? 'undefined';
      const repeat = `npm run fuzz -- --subject '${subject.name}' --seed ${seed} --from ${index} --cases 1`;
      failures.push(`${kind}: ${why}\n  repeat: ${repeat}\n  input: ${shown.slice(0, 600)}`);
    };
    const memory = process.memoryUsage.rss();
    const start = performance.now();
    try {
      const outcome = await subject.judge(input);
      if (outcome === 'accepted') counts.accepted++;
      else {
        holdSentence(outcome.refused);
        counts.typedErrors++;
      }
    } catch (error) {
      if (isTyped(error)) {
        try {
          holdSentence(error.message);
          counts.typedErrors++;
        } catch (unclear) {
          fail('other', String(unclear));
        }
      } else
        fail('other', error instanceof Error ? (error.stack ?? error.message).slice(0, 1500) : String(error));
    }
    let milliseconds = performance.now() - start;
    if (milliseconds > MOST_MILLISECONDS) milliseconds = Math.min(milliseconds, await timeOf(subject, input));
    slowestMs = Math.max(slowestMs, milliseconds);
    if (milliseconds > MOST_MILLISECONDS) fail('slow', `${Math.round(milliseconds)} ms`);
    const bytes = process.resourceUsage().maxRSS * 1024 - memory;
    if (bytes > MOST_BYTES) {
      fail('large', `${Math.round(bytes / 2 ** 20)} MB`);
      forgetPeak();
    }
  }
  return { cases, ...counts, slowestMs, seconds: (performance.now() - began) / 1000, failures };
}

/** Measures a slow case again, because a busy machine is not a defect. */
async function timeOf(subject: Subject, input: unknown): Promise<number> {
  const start = performance.now();
  try {
    await subject.judge(input);
  } catch {
    // The first run has already reported what it throws.
  }
  return performance.now() - start;
}

function isTyped(error: unknown): error is Error {
  return error instanceof EngineError || error instanceof SamplingError;
}

/** Whether a message is fit for a visitor: a sentence of limited length that ends. */
function holdSentence(message: string): void {
  hold(
    /^[^]{15,700}[.)…!?”]$/.test(message),
    `the message is no sentence: ${JSON.stringify(message.slice(0, 800))}`,
  );
}

/** Resets the peak, so that one large case does not hide the next. Only Linux can; elsewhere only the first large case is reported. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not permitted.
  }
}
