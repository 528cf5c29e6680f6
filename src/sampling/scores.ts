/** Numbers of the raw distribution, straight from logits: before every stage, over the whole vocabulary. */
import { exp } from './exp.ts';

export interface RawDistribution {
  /** ln Σ exp(logit): logprob of token i = logits[i] − logNormaliser. */
  readonly logNormaliser: number;
  /** In nats. */
  readonly entropy: number;
}

/** @param logits raw, [vocabulary]; at least one finite and none NaN, or the results are NaN */
export function rawDistribution(logits: Float32Array): RawDistribution {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > max) max = logits[i]!;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    const difference = logits[i]! - max;
    const weight = exp(difference);
    total += weight;
    if (weight > 0) weighted += weight * difference;
  }
  return { logNormaliser: max + Math.log(total), entropy: Math.max(0, Math.log(total) - weighted / total) };
}

/** 1 for the most likely token; ties by token id. */
export function rankOf(logits: Float32Array, token: number): number {
  const own = logits[token]!;
  let rank = 1;
  for (let i = 0; i < token; i++) if (logits[i]! >= own) rank++;
  for (let i = token + 1; i < logits.length; i++) if (logits[i]! > own) rank++;
  return rank;
}

/** The `n` most likely tokens, best first, ties by id. */
export function topTokens(logits: Float32Array, n: number): Uint32Array<ArrayBuffer> {
  const size = Math.min(n, logits.length);
  const heap = new Uint32Array(size);
  // A heap with the worst of the best at its root: a token enters when it beats that one. Ids come ascending, so an
  // equal logit never displaces an earlier id.
  const worse = (a: number, b: number): boolean =>
    logits[a]! < logits[b]! || (logits[a]! === logits[b]! && a > b);
  const sink = (start: number, end: number): void => {
    for (let parent = start; ;) {
      let child = 2 * parent + 1;
      if (child >= end) return;
      if (child + 1 < end && worse(heap[child + 1]!, heap[child]!)) child++;
      if (!worse(heap[child]!, heap[parent]!)) return;
      [heap[parent], heap[child]] = [heap[child]!, heap[parent]!];
      parent = child;
    }
  };
  for (let i = 0; i < size; i++) heap[i] = i;
  for (let i = (size >>> 1) - 1; i >= 0; i--) sink(i, size);
  for (let id = size; size > 0 && id < logits.length; id++) {
    if (logits[id]! > logits[heap[0]!]!) {
      heap[0] = id;
      sink(0, size);
    }
  }
  for (let end = size - 1; end > 0; end--) {
    [heap[0], heap[end]] = [heap[end]!, heap[0]!];
    sink(0, end);
  }
  return heap;
}
