import type { Candidates } from '../candidates.ts';
import type { StageName } from '../params.ts';
import type { StageCut } from '../trace.ts';

/** What a stage may know of the step besides the candidates. */
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

/** What a stage tells of its step beyond what the candidates record. */
export interface StageNote {
  readonly cut?: StageCut;
  readonly temperature?: number;
  readonly changed?: number;
  readonly entropy?: number;
}

/** One stage of a chain. Those without a state of their own are shared by clones. */
export interface Stage {
  readonly name: StageName;
  apply(candidates: Candidates, step: StepInput): StageNote;
  /**
   * Called once for each token that joins the text, after `apply` of the same step: the drawn one, or the one that a
   * person, a beam or the past has chosen.
   */
  accept?(token: number): void;
  clone(): Stage;
}

/** A stage that keeps nothing from one step to the next. */
export function stateless(name: StageName, apply: Stage['apply']): Stage {
  const stage: Stage = { name, apply, clone: () => stage };
  return stage;
}

/** @throws Error when another step has used the candidates since: `accept` came too late to look at them */
export function requireSameStep(candidates: Candidates, generation: number): void {
  if (candidates.generation !== generation) {
    throw new Error('accept() must follow sample() before the same candidates serve another step.');
  }
}
