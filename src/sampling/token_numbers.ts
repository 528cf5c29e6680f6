/**
 * The numbers of a token. They are listed only here, and keep their names from the sampler to the page, its files and its links.
 * NaN stands for an unknown number.
 */
import { rankOf } from './ordering/ranking.ts';
import type { Draw } from './trace.ts';
import { maskedMass } from './trace_view.ts';

/** Numbers of the raw distribution, before every stage. */
export interface RawNumbers<T = number> {
  /** In nats. */
  readonly rawLogprob: T;
  /** Among the raw logits; 1 is the most likely, ties by token id. */
  readonly rank: T;
  /** In nats. */
  readonly entropy: T;
}

/** Numbers of the final distribution, after the whole chain. */
export interface ChainNumbers<T = number> {
  /** In nats; −∞ where the chain removed the token. */
  readonly finalLogprob: T;
  /** In nats. */
  readonly finalEntropy: T;
  /** Candidates left at the draw. */
  readonly kept: T;
  /** Share of the mass that a grammar removed; NaN without a grammar. */
  readonly masked: T;
}

export interface TokenNumbers<T = number> extends RawNumbers<T>, ChainNumbers<T> {}

export const unknownNumbers: TokenNumbers = {
  rawLogprob: NaN,
  rank: NaN,
  entropy: NaN,
  finalLogprob: NaN,
  finalEntropy: NaN,
  kept: NaN,
  masked: NaN,
};

/** @param finalLogprob that of the text's token, which need not be the drawn one */
export function chainNumbers({ finalEntropy, kept, stages }: Draw, finalLogprob: number): ChainNumbers {
  return { finalLogprob, finalEntropy, kept, masked: maskedMass(stages) ?? NaN };
}

/** One column per number. */
export function chainColumns(tokens: readonly ChainNumbers[]): ChainNumbers<Float64Array> {
  const column = (name: keyof ChainNumbers): Float64Array =>
    Float64Array.from(tokens, (token) => token[name]);
  return {
    finalLogprob: column('finalLogprob'),
    finalEntropy: column('finalEntropy'),
    kept: column('kept'),
    masked: column('masked'),
  };
}

/** @param logits raw, [vocabulary] */
export function tokenNumbers(
  draw: Draw,
  logits: Float32Array,
  token: number,
  finalLogprob: number,
): TokenNumbers {
  return {
    rawLogprob: logits[token]! - draw.rawLogNormaliser,
    rank: rankOf(logits, token),
    entropy: draw.rawEntropy,
    ...chainNumbers(draw, finalLogprob),
  };
}
