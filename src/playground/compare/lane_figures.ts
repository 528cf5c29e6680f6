/** Sums up a lane's text in figures. */
import type { StopReason } from '../../decoding/events.ts';
import { allTokens, type PageText } from '../texts/text.ts';

export interface LaneFigures {
  /** Mean raw logprob of the output's tokens, nats; NaN before the first. */
  readonly meanLogprob: number;
  /** exp(−meanLogprob). */
  readonly perplexity: number;
  /** Distinct tokens, and distinct pairs of neighbours, as a share of all (Li et al., 2016). NaN if there are none. */
  readonly distinct1: number;
  readonly distinct2: number;
  /** Number of output tokens. */
  readonly length: number;
  readonly reason: StopReason | null;
}

export function laneFigures(text: PageText): LaneFigures {
  const output = allTokens(text).slice(text.promptLength);
  const tokens = output.map(({ token }) => token);
  const sum = output.reduce((total, { rawLogprob }) => total + rawLogprob, 0);
  const meanLogprob = output.length === 0 ? NaN : sum / output.length;
  return {
    meanLogprob,
    perplexity: Math.exp(-meanLogprob),
    distinct1: distinct(tokens, 1),
    distinct2: distinct(tokens, 2),
    length: output.length,
    reason: text.reason,
  };
}

/** Distinct n-grams / n-grams. */
export function distinct(tokens: readonly number[], n: number): number {
  const total = tokens.length - n + 1;
  if (total < 1) return NaN;
  const seen = new Set(Array.from({ length: total }, (_, i) => tokens.slice(i, i + n).join()));
  return seen.size / total;
}
