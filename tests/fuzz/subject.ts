import type { Chance } from './chance.ts';

/** A part of the page that takes input from strangers, with a generator of such inputs. */
export interface Subject<Input = unknown> {
  /** Its name for `--subject`. */
  readonly name: string;
  /** How many cases `npm run fuzz` runs, and `npm test`, where they may take a few seconds. */
  readonly cases: number;
  readonly few: number;
  /** The input of one case, which depends only on its luck. */
  generate(chance: Chance): Input;
  /**
   * Does with an input what the page would do.
   * @returns whether it was accepted, or refused with a sentence
   * @throws EngineError and SamplingError for a refusal too; anything else is a defect, also a property that does not hold
   */
  judge(input: Input): Outcome | Promise<Outcome>;
  /** The input as a person who repeats the case reads it; default: its JSON. */
  show?(input: Input): string;
}

export type Outcome = 'accepted' | { readonly refused: string };

/** Thrown for a property that does not hold. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
