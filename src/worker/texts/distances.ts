/** Distances between two engines' distributions over one vocabulary, at each position of a text. */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { LogitRows } from '../../decoding/logit_memory.ts';
import { rawDistribution } from '../../sampling/scores.ts';

/** One value for each output token of the text; `first` and `second` are the engines. */
export interface TextDistances {
  /** Kullback–Leibler divergence KL(first ‖ second) of the raw distributions, nats; ∞ where the second excludes a token. */
  readonly kl: Float64Array;
  /** Half the sum of absolute differences, 0 to 1: the share of draws that must differ whatever the random numbers. */
  readonly totalVariation: Float64Array;
  /** Raw logprob of the token that stands there, by each. */
  readonly firstLogprob: Float64Array;
  readonly secondLogprob: Float64Array;
  /** The most likely token by each, ties by id, and their labels. */
  readonly firstTop: Uint32Array;
  readonly secondTop: Uint32Array;
  readonly labels: ReadonlyMap<TokenId, string>;
}

/**
 * @param outputs the text's output tokens
 * @param first raw logits of each output position, [outputs][vocabulary]
 * @param second the same by the other engine
 */
export async function textDistances(
  outputs: readonly TokenId[],
  first: LogitRows,
  second: AsyncGenerator<Float32Array>,
  tokenizer: Tokenizer,
): Promise<TextDistances> {
  const column = (): Float64Array => new Float64Array(outputs.length);
  const distances = {
    kl: column(),
    totalVariation: column(),
    firstLogprob: column(),
    secondLogprob: column(),
    firstTop: new Uint32Array(outputs.length),
    secondTop: new Uint32Array(outputs.length),
  };
  let output = 0;
  for await (const p of first) {
    const token = outputs[output]!;
    const q = (await second.next()).value as Float32Array;
    const { kl, totalVariation, normalisers, tops } = distance(p, q);
    distances.kl[output] = kl;
    distances.totalVariation[output] = totalVariation;
    distances.firstLogprob[output] = p[token]! - normalisers[0];
    distances.secondLogprob[output] = q[token]! - normalisers[1];
    distances.firstTop[output] = tops[0];
    distances.secondTop[output] = tops[1];
    output++;
  }
  const named = new Set([...outputs, ...distances.firstTop, ...distances.secondTop]);
  return { ...distances, labels: new Map(Array.from(named, (token) => [token, tokenizer.label(token)])) };
}

interface Distance {
  readonly kl: number;
  readonly totalVariation: number;
  /** ln Σ exp(logit) of each. */
  readonly normalisers: readonly [number, number];
  readonly tops: readonly [TokenId, TokenId];
}

/** @param p raw logits, [vocabulary]. @param q likewise */
export function distance(p: Float32Array, q: Float32Array): Distance {
  const normalisers = [rawDistribution(p).logNormaliser, rawDistribution(q).logNormaliser] as const;
  let kl = 0;
  let variation = 0;
  let topP = 0;
  let topQ = 0;
  for (let id = 0; id < p.length; id++) {
    const logP = p[id]! - normalisers[0];
    const logQ = q[id]! - normalisers[1];
    const probability = Math.exp(logP);
    if (probability > 0) kl += probability * (logP - logQ);
    variation += Math.abs(probability - Math.exp(logQ));
    if (p[id]! > p[topP]!) topP = id;
    if (q[id]! > q[topQ]!) topQ = id;
  }
  // Rounding may give a tiny negative number for equal distributions.
  return { kl: Math.max(0, kl), totalVariation: variation / 2, normalisers, tops: [topP, topQ] };
}

/**
 * Whether every id means the same token in both vocabularies, as distances require.
 * @returns a sentence if not, else null
 */
export function vocabularyDifference(first: Tokenizer, second: Tokenizer): string | null {
  if (first.vocabularySize !== second.vocabularySize) {
    return `One model has ${first.vocabularySize} tokens and the other ${second.vocabularySize}, so their distributions cannot be laid over each other.`;
  }
  for (let id = 0; id < first.vocabularySize; id++) {
    if (sameBytes(first.bytes(id), second.bytes(id)) && first.kind(id) === second.kind(id)) continue;
    return `Token ${id} is “${first.label(id)}” to one model and “${second.label(id)}” to the other, so their distributions cannot be laid over each other.`;
  }
  return null;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
