import type { Chance } from './chance.ts';

/** Something that takes input from strangers, with inputs for it. */
export interface Subject<Input = unknown> {
  /** As `--subject` names it. */
  readonly name: string;
  /** Cases of `npm run fuzz`; of `npm test`, where they may take a few seconds. */
  readonly cases: number;
  readonly few: number;
  /** The input of one case, a function of its luck alone. */
  generate(chance: Chance): Input;
  /**
   * Does with an input what the page would.
   * @returns whether it was taken, or refused with a sentence
   * @throws EngineError and SamplingError for a refusal too; anything else is a defect, a property that does not hold included
   */
  judge(input: Input): Outcome | Promise<Outcome>;
  /** The input for whoever repeats the case; default: its JSON. */
  show?(input: Input): string;
}

export type Outcome = 'accepted' | { readonly refused: string };

/** A property that does not hold. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
