import type { LogitSummary } from '../../contract.ts';
import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { BATCH_CONSTANTS, type KernelContext } from './context.ts';

/** How many of the most likely tokens a summary lists. */
export const SUMMARY_TOP = 32;

const HEAD = 8;

/** Words per row's summary. */
export const SUMMARY_WORDS = HEAD + 2 * SUMMARY_TOP;

/** Normaliser, entropy, rank and most likely tokens of each row of `logits`, [outputs][vocabulary], into `out`. */
export async function logitSummary(
  { device, buffers, pipelines }: KernelContext,
  request: { batch: GPUBuffer; logits: GPUBuffer; out: GPUBuffer; vocabularySize: number },
): Promise<Dispatch> {
  const label = 'logit summary';
  const layout = pipelines.layout(['read', 'uniform', 'read', 'write']);
  const shape = buffers.uniform(`scratch:${label} shape`, [request.vocabularySize, SUMMARY_TOP]);
  return {
    label,
    pipeline: await pipelines.get({
      shader: 'logit_summary',
      conditions: [],
      constants: BATCH_CONSTANTS,
      layouts: [layout],
    }),
    groups: [bindGroup(device, label, layout, [request.batch, shape, request.logits, request.out])],
    across: 1,
    over: 'outputs',
    rowsPerGroup: 1,
  };
}

/** Reads row `row` of the shader's output. @param next the token whose logit and rank were asked for */
export function readSummary(
  words: Float32Array<ArrayBuffer>,
  row: number,
  vocabularySize: number,
  next: number | undefined,
): LogitSummary {
  const floats = words.subarray(row * SUMMARY_WORDS, (row + 1) * SUMMARY_WORDS);
  const integers = new Uint32Array(words.buffer, floats.byteOffset, SUMMARY_WORDS);
  const count = Math.min(SUMMARY_TOP, vocabularySize);
  return {
    logNormaliser: floats[1]!,
    entropy: floats[2]!,
    next: next === undefined ? null : { token: next, logit: floats[3]!, rank: integers[4]! },
    top: Array.from({ length: count }, (_, i) => ({
      token: integers[HEAD + i]!,
      logit: floats[HEAD + SUMMARY_TOP + i]!,
    })),
  };
}

/** Computes one row's summary on the CPU, in the shader's layout. @param next the token whose logit and rank are wanted */
export function summaryWords(logits: Float32Array, next: number | undefined): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(SUMMARY_WORDS);
  const integers = new Uint32Array(floats.buffer);
  const before = (a: number, b: number) => logits[b]! - logits[a]! || a - b;
  const order = Uint32Array.from(logits, (_, id) => id).sort(before);
  const highest = logits[order[0]!]!;
  let [sum, weighted] = [0, 0];
  for (const logit of logits) {
    const e = Math.exp(logit - highest);
    sum += e;
    weighted += e * (logit - highest);
  }
  floats.set([highest, highest + Math.log(sum), Math.log(sum) - weighted / sum]);
  if (next !== undefined) {
    floats[3] = logits[next]!;
    integers[4] = order.indexOf(next) + 1;
  }
  order.subarray(0, SUMMARY_TOP).forEach((id, i) => {
    integers[HEAD + i] = id;
    floats[HEAD + SUMMARY_TOP + i] = logits[id]!;
  });
  return floats;
}
