/** Questions about an existing text: how likely a given continuation is, and what another chain would have drawn along the text. */
import { type Engine, EngineError, type TokenId } from '../../src/engines/contract.ts';
import { encodeContinuation, scoreContinuation } from '../../src/decoding/continuation.ts';
import { masksAlong } from '../../src/decoding/grammar/masks.ts';
import { LogitMemory } from '../../src/decoding/logit_memory.ts';
import { Rederiver } from '../../src/decoding/rederive.ts';
import type { SamplingParams, StageName } from '../../src/sampling/params.ts';

export interface ScoredToken {
  readonly id: TokenId;
  readonly text: string;
  readonly logprob: number;
  readonly rank: number;
  /** After the whole chain; null if the chain removes the token (JSON has no −∞). `removedBy` then names the stage. */
  readonly finalLogprob: number | null;
  readonly removedBy: StageName | null;
}

export interface ScoreOutput {
  readonly text: string;
  readonly tokens: readonly ScoredToken[];
  readonly logprob: number;
  readonly finalLogprob: number | null;
  readonly perplexity: number;
}

/** @throws EngineError `empty-prompt` for an empty text; SamplingError */
export async function scoreText(
  { session, tokenizer }: Engine,
  prompt: readonly TokenId[],
  params: SamplingParams,
  text: string,
  signal: AbortSignal,
): Promise<ScoreOutput> {
  const continuation = encodeContinuation(text, tokenizer);
  if (continuation.length === 0) {
    throw new EngineError('empty-prompt', '--continuation has no text; write what is to follow the prompt.');
  }
  const tokens = [...prompt, ...continuation];
  const known = tokens.slice(0, -1);
  const rows = new LogitMemory().walk(session, known, prompt.length - 1, 'prefill', signal);
  const masks = await masksAlong(params, tokenizer, known.slice(prompt.length));
  const steps = { from: prompt.length, rows, masks };
  const place = { tokens, stream: 0 };
  const score = await scoreContinuation(new Rederiver(tokenizer), place, params, steps, continuation.length);
  return {
    text,
    tokens: score.tokens.map(({ token, rawLogprob, rank, finalLogprob, removedBy }) => ({
      id: token,
      text: tokenizer.label(token),
      logprob: rawLogprob,
      rank,
      finalLogprob: finite(finalLogprob),
      removedBy,
    })),
    logprob: score.rawLogprob,
    finalLogprob: finite(score.finalLogprob),
    perplexity: score.perplexity,
  };
}

export interface RederivedOutput {
  readonly flags: string;
  /** The token that would have been drawn at each step, given the actual text before it. */
  readonly tokens: readonly TokenId[];
  /** Logprobs of the actual tokens; null if this chain removes them. */
  readonly finalLogprobs: readonly (number | null)[];
  /** Index of the first output token that would have differed, or null. */
  readonly firstDivergence: number | null;
}

/**
 * Runs other chains along one output, without the model.
 * @param memory the memory that kept the run's logits
 */
export async function rederive(
  { tokenizer, session }: Engine,
  memory: LogitMemory,
  prompt: readonly TokenId[],
  output: readonly TokenId[],
  others: readonly { readonly flags: string; readonly params: SamplingParams }[],
): Promise<readonly RederivedOutput[]> {
  if (output.length === 0) return [];
  const tokens = [...prompt, ...output];
  const text = { tokens, promptLength: prompt.length, stream: 0, byHand: new Set<number>() };
  const rederiver = new Rederiver(tokenizer);
  const found: RederivedOutput[] = [];
  for (const { flags, params } of others) {
    const masks = await masksAlong(params, tokenizer, output.slice(0, -1));
    const rows = memory.walk(session, tokens.slice(0, -1), prompt.length - 1, 'replay');
    const again = await rederiver.rederive(text, params, { from: prompt.length, rows, masks });
    found.push({
      flags,
      tokens: [...again.tokens],
      finalLogprobs: Array.from(again.finalLogprob, finite),
      firstDivergence: again.firstDivergence,
    });
  }
  return found;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
