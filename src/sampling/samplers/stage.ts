import type { Candidates } from '../candidates.ts';

/** What a stage compared each candidate with. `value` is the bound itself; see `StageCut`. */
export type CutQuantity =
  /** kept: logit at entry ≥ value */
  | 'logit'
  /** kept: probability at entry ≥ value (top-p: ties at the border are decided by token id) */
  | 'probability'
  /** XTC, removed: probability at entry > value */
  | 'probability-above'
  /** typical-p, kept: |surprisal − entropy| at entry ≤ value, in nats */
  | 'typicality'
  /** mirostat 2, kept: surprisal at entry ≤ value, in bits */
  | 'bits'
  /** removed by the grammar's mask or a ban: there is no bound to miss */
  | 'forbidden';

export interface StageCut {
  readonly quantity: CutQuantity;
  readonly value: number;
}

/**
 * Token sequences across which DRY does not look for repeats, as a map from the first token of each to the tokens that follow
 * it. An empty tail means that the first token alone is a breaker.
 */
export type DryBreakers = ReadonlyMap<number, readonly (readonly number[])[]>;

/** What a chain needs to know besides its parameters. */
export interface ChainContext {
  readonly vocabularySize: number;
  /** The generator's stream of this sequence; default 0. */
  readonly stream?: number;
  /** `params.dryBreakers` as tokens; without this, DRY has no breakers. */
  readonly dryBreakers?: DryBreakers;
}

/** What a stage may know about the step besides the candidates. */
export interface StepInput {
  /** All tokens before the one to be drawn, prompt included. */
  readonly history: ArrayLike<number>;
  /** Index of the token to be drawn; u is a function of it. */
  readonly position: number;
  /** In place of the generator's number, 0 ≤ u < 1; 0 takes the most likely candidate. */
  readonly u?: number;
  /** Allowed tokens as bits, ⌈vocabulary/32⌉ words, from a grammar; absent: all are allowed. */
  readonly allowed?: Int32Array | null;
}

/** What a stage reports about its step beyond what the candidates record. */
export interface StageNote {
  readonly cut?: StageCut;
  readonly temperature?: number;
  readonly changed?: number;
  readonly entropy?: number;
}

/** One stage of a chain. Clones share the stages that have no state. */
export interface Stage {
  apply(candidates: Candidates, step: StepInput): StageNote;
  /**
   * Called once for each token that joins the text, after `apply` of the same step: the drawn one, or the one that a
   * person, a beam or the past has chosen.
   */
  accept?(token: number): void;
  clone(): Stage;
}

/** A stage that keeps nothing from one step to the next. */
export function stateless(apply: Stage['apply']): Stage {
  const stage: Stage = { apply, clone: () => stage };
  return stage;
}

/** @throws Error when another step has used the candidates since, so that `accept` can no longer read them */
export function requireSameStep(candidates: Candidates, generation: number): void {
  if (candidates.generation !== generation) {
    throw new Error('accept() must follow sample() before the same candidates serve another step.');
  }
}
