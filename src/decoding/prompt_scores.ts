/** Numbers for tokens that were given, not drawn: the prompt's, or any text that one wants to hold a model against. */
import type { Engine, LogitSummary, PrefillOptions, TokenId } from '../engines/contract.ts';
import { rankOf, rawDistribution } from '../sampling/scores.ts';
import type { PromptRecord } from './events.ts';

/** Takes the logits of each position as they come and gives a record for the token that follows. */
export class PromptScorer {
  readonly records: PromptRecord[];
  readonly #tokens: readonly TokenId[];
  #surprisal = 0;
  #scored = 0;

  constructor(tokens: readonly TokenId[]) {
    this.#tokens = tokens;
    this.records = tokens.map((token, position) => ({
      position,
      token,
      rawLogprob: null,
      rank: null,
      entropy: null,
      surprisal: null,
      perplexity: null,
    }));
  }

  /** @param logits raw, after the token at `position`; positions come in ascending order */
  push(position: number, logits: Float32Array): void {
    const token = this.#tokens[position + 1];
    if (token === undefined) return;
    const { logNormaliser, entropy } = rawDistribution(logits);
    this.#record(position, token, logits[token]! - logNormaliser, rankOf(logits, token), entropy);
  }

  /** As `push`, from what the engine has summed up. */
  pushSummary(position: number, { next, logNormaliser, entropy }: LogitSummary): void {
    const token = this.#tokens[position + 1];
    if (token === undefined || next === null) return;
    this.#record(position, token, next.logit - logNormaliser, next.rank, entropy);
  }

  #record(position: number, token: TokenId, rawLogprob: number, rank: number, entropy: number): void {
    this.#surprisal -= rawLogprob;
    this.#scored++;
    this.records[position + 1] = {
      position: position + 1,
      token,
      rawLogprob,
      rank,
      entropy,
      surprisal: -rawLogprob,
      perplexity: Math.exp(this.#surprisal / this.#scored),
    };
  }
}

/** How a prefill is to report positions from `first` on: summed up by the engine where it can (`summaryTop` > 0). */
export function scoringOptions(
  scorer: PromptScorer,
  summaryTop: number,
  first = 0,
): Pick<PrefillOptions, 'onLogits' | 'onSummary'> {
  if (summaryTop > 0) {
    return {
      onSummary: (position, summary) => {
        if (position >= first) scorer.pushSummary(position - first, summary);
      },
    };
  }
  return {
    onLogits: (position, logits) => {
      if (position >= first) scorer.push(position - first, logits);
    },
  };
}

export interface ContinuationScore {
  /** A record for each token of the continuation; `perplexity` runs over the continuation alone. */
  readonly records: readonly PromptRecord[];
  /** ln P(continuation | context). */
  readonly totalLogprob: number;
  readonly perplexity: number;
}

/**
 * Exact logprob and rank of every token of a given continuation, likely or not.
 * @param context at least one token
 * @throws EngineError from the session; `aborted`
 */
export async function scoreContinuation(
  { session, capabilities }: Pick<Engine, 'session' | 'capabilities'>,
  context: readonly TokenId[],
  continuation: readonly TokenId[],
  signal?: AbortSignal,
): Promise<ContinuationScore> {
  const first = context.length - 1;
  const scorer = new PromptScorer([...context.slice(-1), ...continuation]);
  const { sequence } = await session.prefill([...context, ...continuation], {
    ...scoringOptions(scorer, capabilities.summaryTop, first),
    ...(signal ? { signal } : {}),
  });
  session.release(sequence);
  const records = scorer.records.slice(1).map((record) => ({ ...record, position: record.position + first }));
  const totalLogprob = records.reduce((sum, { rawLogprob }) => sum + (rawLogprob ?? 0), 0);
  return { records, totalLogprob, perplexity: Math.exp(-totalLogprob / Math.max(1, records.length)) };
}
