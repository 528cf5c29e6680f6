/** Numbers for tokens that were given, not drawn: the prompt's, or any text that one wants to hold a model against. */
import type { Session, TokenId } from '../engines/contract.ts';
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
    const rawLogprob = logits[token]! - logNormaliser;
    this.#surprisal -= rawLogprob;
    this.#scored++;
    this.records[position + 1] = {
      position: position + 1,
      token,
      rawLogprob,
      rank: rankOf(logits, token),
      entropy,
      surprisal: -rawLogprob,
      perplexity: Math.exp(this.#surprisal / this.#scored),
    };
  }
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
  session: Session,
  context: readonly TokenId[],
  continuation: readonly TokenId[],
  signal?: AbortSignal,
): Promise<ContinuationScore> {
  const first = context.length - 1;
  const scorer = new PromptScorer([...context.slice(-1), ...continuation]);
  const { sequence } = await session.prefill([...context, ...continuation], {
    onLogits: (position, logits) => {
      if (position >= first) scorer.push(position - first, logits);
    },
    ...(signal ? { signal } : {}),
  });
  session.release(sequence);
  const records = scorer.records.slice(1).map((record) => ({ ...record, position: record.position + first }));
  const totalLogprob = records.reduce((sum, { rawLogprob }) => sum + (rawLogprob ?? 0), 0);
  return { records, totalLogprob, perplexity: Math.exp(-totalLogprob / Math.max(1, records.length)) };
}
