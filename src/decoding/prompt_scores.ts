/** Scores tokens that were given, not drawn: those of the prompt. */
import type { LogitSummary, PrefillOptions, TokenId } from '../engines/contract.ts';
import { rankOf } from '../sampling/ordering/ranking.ts';
import { rawDistribution } from '../sampling/scores.ts';
import type { PromptRecord } from './events.ts';

/** Takes the logits of each position and makes a record for the token that follows. */
export class PromptScorer {
  readonly records: PromptRecord[];
  readonly #tokens: readonly TokenId[];

  constructor(tokens: readonly TokenId[]) {
    this.#tokens = tokens;
    this.records = tokens.map((token, position) => ({
      position,
      token,
      rawLogprob: null,
      rank: null,
      entropy: null,
    }));
  }

  /** @param logits raw, after the token at `position`; positions come in ascending order */
  push(position: number, logits: Float32Array): void {
    const token = this.#tokens[position + 1];
    if (token === undefined) return;
    const { logNormaliser, entropy } = rawDistribution(logits);
    this.#record(position, token, logits[token]! - logNormaliser, rankOf(logits, token), entropy);
  }

  /** As `push`, from the engine's summary. */
  pushSummary(position: number, { next, logNormaliser, entropy }: LogitSummary): void {
    const token = this.#tokens[position + 1];
    if (token === undefined || next === null) return;
    this.#record(position, token, next.logit - logNormaliser, next.rank, entropy);
  }

  #record(position: number, token: TokenId, rawLogprob: number, rank: number, entropy: number): void {
    this.records[position + 1] = { position: position + 1, token, rawLogprob, rank, entropy };
  }
}

/** The options with which a prefill reports positions: as summaries if the engine can give them (`summaryTop` > 0). */
export function scoringOptions(
  scorer: PromptScorer,
  summaryTop: number,
): Pick<PrefillOptions, 'onLogits' | 'onSummary'> {
  return summaryTop > 0
    ? { onSummary: (position, summary) => scorer.pushSummary(position, summary) }
    : { onLogits: (position, logits) => scorer.push(position, logits) };
}
