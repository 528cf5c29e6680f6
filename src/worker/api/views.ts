/**
 * What the page shows of a step. The worker makes it from the full trace and cuts to the top N only here, after the maths.
 * It consists of plain values and typed arrays, which cross the boundary as they are.
 */
import type { TokenId } from '../../engines/contract';
import type { TokenFate } from '../../sampling/trace';

/** One candidate at one step. Probabilities are in [0, 1], logprobs in nats. */
export interface CandidateRow {
  readonly token: TokenId;
  readonly label: string;
  /** The raw logit of the model. */
  readonly logit: number;
  /** softmax of the raw logits: T = 1, before any stage. */
  readonly raw: number;
  readonly rawLogprob: number;
  /** After the whole chain; 0 for a removed one. */
  readonly final: number;
  /** 1 for the most likely raw candidate. */
  readonly rank: number;
  /** The stage that removed it, or null. */
  readonly removedBy: string | null;
  /** What that stage compared, and with which bound; null when kept, or when nothing was compared. */
  readonly missed: TokenFate['missed'];
}

/** What one stage of the chain did at this step. */
export interface StageRow {
  readonly stage: string;
  readonly label: string;
  readonly before: number;
  readonly after: number;
  /** The share of its input distribution that the stage removed. */
  readonly massRemoved: number;
  /** Raw mass (T = 1) of the candidates left after the stage. */
  readonly rawMassLeft: number;
  /** The stage's result at this step, such as an effective temperature or a threshold. */
  readonly note: string;
}

/** Probability by rank, at a few hundred ranks spread evenly on a log axis. */
export interface RankCurve {
  readonly vocabularySize: number;
  readonly ranks: Float64Array;
  readonly raw: Float64Array;
  /** Probability after the chain of the token at the raw rank; 0 if it was removed. */
  readonly final: Float64Array;
}

/** Where a stage cut the ranks: the last rank that it kept. */
export interface Cut {
  readonly stage: string;
  readonly label: string;
  readonly rank: number;
}

/** A step as a whole. */
export interface StepFigures {
  /** Nats. */
  readonly entropyRaw: number;
  readonly entropyFinal: number;
  readonly kept: number;
  /** The draw's uniform number in [0, 1), or null if nothing was drawn. */
  readonly u: number | null;
}

export interface StepView extends StepFigures {
  /** The token that stands there; null at the end of the text. */
  readonly chosen: TokenId | null;
  readonly rows: readonly CandidateRow[];
  readonly rest: { readonly count: number; readonly raw: number; readonly final: number };
  /** The stages that changed something; null if that is unknown. */
  readonly stages: readonly StageRow[] | null;
  readonly curve: RankCurve;
  readonly cuts: readonly Cut[];
  /** Absent where it was not asked for, or is unknown. */
  readonly draw?: DrawView;
}

/** A candidate, or several that are not listed and stand next to each other, as a part of a bar from 0 to 1. */
export interface DrawPart {
  /** Null for unlisted candidates. */
  readonly token: TokenId | null;
  readonly label: string;
  /** 1, or the number of the unlisted. */
  readonly count: number;
  /** Probability of all candidates before it. */
  readonly start: number;
  readonly probability: number;
  /** NaN for unlisted candidates. */
  readonly logit: number;
}

/** All candidates between two stages, in the order in which the draw adds them up: the likeliest first, ties by token id. */
export interface DrawBar {
  /** The stage after which the candidates are these; null before the first. */
  readonly stage: string | null;
  readonly label: string;
  /** The stage's result at this step, such as an effective temperature. */
  readonly note: string;
  /** Candidates. */
  readonly count: number;
  /** The largest logit. */
  readonly max: number;
  /** ln Σ exp(logit) over the candidates. */
  readonly logNormaliser: number;
  readonly parts: readonly DrawPart[];
}

/** A step from the raw distribution through the chain to the draw. */
export interface DrawView {
  /** The token that stands there; null at the end of the text. */
  readonly chosen: TokenId | null;
  /** The token that these parameters draw, and its uniform number in [0, 1); null where nothing is drawn. */
  readonly drawn: TokenId | null;
  readonly u: number | null;
  /** One more than the stages that ran. */
  readonly bars: readonly DrawBar[];
}

/** One lane's probabilities at a step, in the order of the tokens of `LaneDistributions`. */
export interface LaneDistribution extends StepFigures {
  /** Lanes with the same number have the same tokens before the place, and therefore the same raw distribution. */
  readonly context: number;
  /** The token that stands at the place; null at the end of the text. */
  readonly chosen: TokenId | null;
  readonly raw: Float64Array;
  readonly final: Float64Array;
  /** The stage that removed each token, or null. */
  readonly removedBy: readonly (string | null)[];
  /** Total final probability of the tokens that are not listed. */
  readonly rest: number;
}

export interface LaneDistributions {
  readonly tokens: readonly TokenId[];
  readonly labels: readonly string[];
  /** One per requested place; null where its logits are not known. */
  readonly lanes: readonly (LaneDistribution | null)[];
}

/** Final probabilities of one step at several temperatures; every other parameter stays. */
export interface TemperatureStrip {
  readonly temperatures: Float64Array;
  readonly chosen: TokenId | null;
  /** The likeliest tokens of the whole strip, by raw probability. `probability[i]` belongs to `temperatures[i]`. */
  readonly bands: readonly {
    readonly token: TokenId;
    readonly label: string;
    readonly probability: Float64Array;
  }[];
}
