import type { StageName } from './params.ts';
import type { CutQuantity, StageCut } from './samplers/stage.ts';

/** What one stage did, small enough to travel with every token. Mass is a share, 0 … 1. */
export interface StageSummary {
  readonly stage: StageName;
  /** Candidates alive at entry and at exit. */
  readonly before: number;
  readonly after: number;
  /** Share of the distribution at entry that the removed candidates held. */
  readonly massRemoved: number;
  /** The temperature used, for `temperature` only (dynamic: the effective one). */
  readonly temperature: number | null;
  /** The bound used; null if the stage compared nothing. */
  readonly cut: StageCut | null;
  /** Logits that the stage changed one by one (bias, penalties, DRY); 0 for the others. */
  readonly changed: number;
}

/** A stage's summary, with the figures that tell how narrowly a token was removed. */
export interface StageTrace extends StageSummary {
  /** ln Σ exp(logit) over the candidates at entry. */
  readonly logNormaliser: number;
  /** Entropy at entry in nats where the stage uses it (typical-p, dynamic temperature), else null. */
  readonly entropy: number | null;
}

/**
 * The memory of a trace, 9 bytes per vocabulary entry. A reader of one step at a time allocates it once, because allocating
 * costs more than writing.
 */
export interface TraceMemory {
  /** [vocabulary] */
  readonly fate: Uint8Array<ArrayBuffer>;
  /** [vocabulary] */
  readonly logits: Float64Array<ArrayBuffer>;
}

export function traceMemory(vocabularySize: number): TraceMemory {
  return { fate: new Uint8Array(vocabularySize), logits: new Float64Array(vocabularySize) };
}

/** The outcome of a step in plain numbers. */
export interface Draw {
  /** The token drawn. */
  readonly token: number;
  /** Index of the drawn token in the sequence, prompt included. */
  readonly position: number;
  /** The uniform number in [0, 1) that picked the token. */
  readonly u: number;
  /** Candidates alive at the draw. */
  readonly kept: number;
  /** ln Σ exp(raw): raw logprob of token i = raw[i] − rawLogNormaliser. */
  readonly rawLogNormaliser: number;
  /** Entropy of the raw distribution, in nats. */
  readonly rawEntropy: number;
  /** ln Σ exp(logit) over the living: final logprob of token i = logits[i] − finalLogNormaliser. */
  readonly finalLogNormaliser: number;
  /** Entropy of the final distribution, in nats. */
  readonly finalEntropy: number;
  /** Stages that ran, in order; neutral ones and those switched off are absent. */
  readonly stages: readonly StageTrace[];
}

/** Everything that happened to the whole vocabulary in one step. Read it with the functions of `trace_view.ts`. */
export interface StepTrace extends Draw, TraceMemory {
  /** Raw logits [vocabulary]: the given array itself, not a copy. */
  readonly raw: Float32Array;
  /** [vocabulary] 0: alive at the draw. s > 0: removed by `stages[s − 1]`; 255: its raw logit is −∞. */
  readonly fate: Uint8Array<ArrayBuffer>;
  /** [vocabulary] the logit at the draw, or at the entry of the stage that removed the token. */
  readonly logits: Float64Array<ArrayBuffer>;
}

/** What became of one token in one step. */
export interface TokenFate {
  readonly token: number;
  readonly rawLogprob: number;
  /** Among the raw logits; 1 is the most likely, ties by token id. */
  readonly rank: number;
  /** −∞ when it was removed. */
  readonly finalLogprob: number;
  /** The stage that removed it, or null. */
  readonly removedBy: StageName | null;
  /** The token's value and the bound that it missed, in one unit. Null when alive, or when nothing was compared. */
  readonly missed: { readonly quantity: CutQuantity; readonly value: number; readonly bound: number } | null;
}
