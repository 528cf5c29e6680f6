import type { Rederived } from '../worker/api/worker_api.ts';
import { allTokens, type PageText, type TokenView } from './texts/text.ts';

/**
 * A text's figures by position; NaN where a position has none. `kept` and `masked`, which depend on the chain, follow the knobs
 * once they are re-derived.
 */
export interface TimelineValues {
  /** Raw surprisal of the token that stands there, nats. */
  readonly surprisal: Float64Array;
  /** Of the raw distribution that it came from, nats. */
  readonly entropy: Float64Array;
  /** Candidates left by the chain. */
  readonly kept: Float64Array;
  /** Share of the mass that a grammar removed. */
  readonly masked: Float64Array;
  /** exp of the mean surprisal up to here. */
  readonly perplexity: Float64Array;
}

export function timelineOf(text: PageText, rederived: Rederived | null): TimelineValues {
  const tokens = allTokens(text);
  const kept = Float64Array.from(tokens, (token, index) => {
    const output = index - text.promptLength;
    return rederived && output >= 0 ? (rederived.kept[output] ?? NaN) : token.kept;
  });
  const masked = Float64Array.from(tokens, (token, index) => {
    const output = index - text.promptLength;
    return rederived && output >= 0 ? (rederived.masked[output] ?? NaN) : token.masked;
  });
  return {
    surprisal: Float64Array.from(tokens, (token) => 0 - token.rawLogprob),
    entropy: Float64Array.from(tokens, (token) => token.entropy),
    kept,
    masked,
    perplexity: runningPerplexity(tokens, text.promptLength),
  };
}

/** exp of the mean surprisal so far; the prompt and the output are counted separately. */
function runningPerplexity(tokens: readonly TokenView[], promptLength: number): Float64Array {
  const out = new Float64Array(tokens.length).fill(NaN);
  let sum = 0;
  let scored = 0;
  tokens.forEach((token, index) => {
    if (index === promptLength) {
      sum = 0;
      scored = 0;
    }
    if (Number.isNaN(token.rawLogprob)) return;
    sum -= token.rawLogprob;
    scored++;
    out[index] = Math.exp(sum / scored);
  });
  return out;
}
