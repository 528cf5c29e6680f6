/** Converts a draw to the record of its token. */
import type { TokenId } from '../engines/contract.ts';
import { topTokens } from '../sampling/ordering/ranking.ts';
import type { Sampler } from '../sampling/sampler.ts';
import { tokenNumbers } from '../sampling/token_numbers.ts';
import type { Draw, StageSummary, StageTrace } from '../sampling/trace.ts';
import type { StepRecord, TopCandidates } from './events.ts';

/** A token chosen for a branch, with the chain's numbers for it. */
export interface Choice {
  readonly token: TokenId;
  readonly draw: Draw;
  readonly finalLogprob: number;
  /** Null if nothing was drawn. */
  readonly u: number | null;
  readonly top: TopCandidates | null;
}

/** @param sampler in its state after the step of `draw` */
export function topCandidates(
  sampler: Sampler,
  draw: Draw,
  logits: Float32Array,
  n: number,
): TopCandidates | null {
  if (n === 0) return null;
  const tokens = topTokens(logits, n);
  return {
    tokens,
    rawLogprobs: Float32Array.from(tokens, (token) => logits[token]! - draw.rawLogNormaliser),
    finalLogprobs: Float32Array.from(tokens, (token) => sampler.finalLogprob(token)),
  };
}

export function summarise({ logNormaliser: _n, entropy: _e, ...summary }: StageTrace): StageSummary {
  return summary;
}

/** The token's place in the text, and what its branch knows about the text at that point. */
type Place = Pick<StepRecord, 'branch' | 'piece' | 'visible'>;

export function stepRecord(choice: Choice, logits: Float32Array, place: Place): StepRecord {
  const { token, draw, finalLogprob, u, top } = choice;
  return {
    ...place,
    position: draw.position,
    token,
    ...tokenNumbers(draw, logits, token, finalLogprob),
    u,
    stages: draw.stages.map(summarise),
    ...(top ? { top } : {}),
  };
}
