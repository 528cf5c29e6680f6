/** A text that somebody has in mind, held against a model and a chain at any place: exact numbers, likely or not. */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { TokenFate } from '../sampling/trace.ts';
import { tokenFate } from '../sampling/trace_view.ts';
import type { KnownSteps, PastText, Rederiver } from './rederive.ts';

/** Texts that rarely join with what follows: a tokenizer that puts a space before every text puts it before these. */
const ANCHORS = ['\n', ';', 'a'];

/** Tokens of a text that goes on from another: nothing is put before it. */
export function encodeContinuation(text: string, tokenizer: Tokenizer): TokenId[] {
  for (const anchor of ANCHORS) {
    const before = tokenizer.encode(anchor);
    const both = tokenizer.encode(anchor + text);
    if (before.every((token, i) => token === both[i])) return both.slice(before.length);
  }
  return tokenizer.encode(text);
}

export interface ContinuationScore {
  /** One for each token of the continuation, given those before it. */
  readonly tokens: readonly TokenFate[];
  /** ln P(continuation | context), before any stage of the chain. */
  readonly rawLogprob: number;
  /** ln of the chance that the chain draws just this; −∞ where a stage removes one of its tokens. */
  readonly finalLogprob: number;
  /** exp(−rawLogprob / tokens) */
  readonly perplexity: number;
}

/**
 * @param text whose last tokens are the continuation
 * @param steps of these tokens, and of the output before them where the chain has a past (`remembers`)
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
