/** From a draw to the numbers that travel with its token. */
import type { TokenId } from '../engines/contract.ts';
import type { Draw, Sampler } from '../sampling/sampler.ts';
import { rankOf, topTokens } from '../sampling/ordering/ranking.ts';
import type { StageSummary, StageTrace } from '../sampling/trace.ts';
import type { BranchId, StepRecord, TopCandidates } from './events.ts';

/** A token chosen for a branch, with what the chain said of it. */
export interface Choice {
  readonly token: TokenId;
  readonly draw: Draw;
  readonly finalLogprob: number;
  /** Null where nothing was drawn. */
  readonly u: number | null;
  readonly top: TopCandidates | null;
}

/** @param sampler fresh from the step of `draw` */
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

/** Where the token came to stand, and what its branch knows about the text by then. */
interface Place {
  readonly branch: BranchId;
  readonly piece: string;
  readonly visible: number;
  readonly perplexity: number;
}

export function stepRecord(choice: Choice, logits: Float32Array, place: Place): StepRecord {
  const { token, draw, finalLogprob, u, top } = choice;
  const rawLogprob = logits[token]! - draw.rawLogNormaliser;
  return {
    branch: place.branch,
    position: draw.position,
    token,
    piece: place.piece,
    visible: place.visible,
    rawLogprob,
    finalLogprob,
    rank: rankOf(logits, token),
    entropy: draw.rawEntropy,
    finalEntropy: draw.finalEntropy,
    surprisal: -rawLogprob,
    perplexity: place.perplexity,
    kept: draw.kept,
    u,
    stages: draw.stages.map(summarise),
    ...(top ? { top } : {}),
  };
}
