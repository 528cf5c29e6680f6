/** Scores a given text under a model and a chain: exact numbers, likely or not. */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { TokenFate } from '../sampling/trace.ts';
import { tokenFate } from '../sampling/trace_view.ts';
import type { KnownSteps, PastText, Rederiver } from './rederive.ts';

/** Texts that rarely merge with what follows. If a tokenizer puts a space before every text, it goes before these. */
const ANCHORS = ['\n', ';', 'a'];

/** Tokens of a text that continues another: no space is put before it. */
export function encodeContinuation(text: string, tokenizer: Tokenizer): TokenId[] {
  for (const anchor of ANCHORS) {
    const before = tokenizer.encode(anchor);
    const both = tokenizer.encode(anchor + text);
    if (before.every((token, i) => token === both[i])) return both.slice(before.length);
  }
  return tokenizer.encode(text);
}

export interface ContinuationScore {
  /** One per token of the continuation, given the tokens before it. */
  readonly tokens: readonly TokenFate[];
  /** ln P(continuation | context), before any stage of the chain. */
  readonly rawLogprob: number;
  /** ln of the probability that the chain draws exactly this text; −∞ if a stage removes one of its tokens. */
  readonly finalLogprob: number;
  /** exp(−rawLogprob / tokens) */
  readonly perplexity: number;
}

/**
 * @param text its last tokens are the continuation
 * @param steps the steps of the continuation, and of the output before it if the chain `remembers`
 * @param length of the continuation, in tokens; 1 or more
 */
export async function scoreContinuation(
  rederiver: Rederiver,
  text: Pick<PastText, 'tokens' | 'stream'>,
  params: SamplingParams,
  steps: KnownSteps,
  length: number,
): Promise<ContinuationScore> {
  const tokens: TokenFate[] = [];
  const first = text.tokens.length - length;
  await rederiver.walk(text, params, steps, ({ sampler, draw: { position } }) => {
    const token = text.tokens[position]!;
    if (position >= first) tokens.push(tokenFate(sampler.trace(rederiver.memory), token));
  });
  const rawLogprob = tokens.reduce((sum, fate) => sum + fate.rawLogprob, 0);
  return {
    tokens,
    rawLogprob,
    finalLogprob: tokens.reduce((sum, fate) => sum + fate.finalLogprob, 0),
    perplexity: Math.exp(-rawLogprob / length),
  };
}
