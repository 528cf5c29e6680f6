/** Raw logprobs of one step, for the JSON: before any stage of the chain, in nats. */
import type { TokenId } from '../../src/engines/contract.ts';
import { rankOf, topTokens } from '../../src/sampling/ordering/ranking.ts';
import { rawDistribution } from '../../src/sampling/scores.ts';

export type TokenLogprob = readonly [id: TokenId, logprob: number];

export interface TokenScore {
  readonly id: TokenId;
  readonly logprob: number;
  /** 1 is the most likely; ties by token id. */
  readonly rank: number;
  readonly top: readonly TokenLogprob[];
}

/**
 * @param logits [vocabulary]
 * @param id the token that came next
 * @param n length of `top`: the most likely tokens, best first; up to the whole vocabulary
 */
export function scoreToken(logits: Float32Array, id: TokenId, n: number): TokenScore {
  const { logNormaliser } = rawDistribution(logits);
  return {
    id,
    logprob: logits[id]! - logNormaliser,
    rank: rankOf(logits, id),
    top: Array.from(topTokens(logits, n), (token): TokenLogprob => [token, logits[token]! - logNormaliser]),
  };
}
