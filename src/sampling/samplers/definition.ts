/**
 * The definition of a stage. Controls, flags, links, validation, schemas and requests to servers derive from it. A stage's
 * file exports its definition and its builder: the page loads the definition, the worker both.
 */

/** What a stage does to the candidates. */
export type StageKind =
  /** Removes what a mask from outside forbids. */
  | 'mask'
  /** Raises or lowers the logits of single tokens. */
  | 'adjust'
  /** Removes candidates by a rule over the distribution. */
  | 'cut'
  /** Divides all logits. */
  | 'scale'
  /** Picks by a rule of its own and therefore ends the chain, wherever the order names it. */
  | 'pick';

type Limits = readonly [min: number, max: number];

/** A parameter that is a number. */
export interface NumberDefinition {
  /** Default: the stage's label. */
  readonly label?: string;
  /** Valid values, ends included. */
  readonly range: Limits;
  /** What a slider covers; default: the range. */
  readonly slider?: Limits;
  /** A whole step means that only whole numbers are valid. */
  readonly step: number;
  readonly scale?: 'log';
  readonly default: number;
  /** The value at which it changes nothing; null if only its stage's other parameter can switch it off. */
  readonly neutral: number | null;
  /** The value with which its stage is switched on if the present one changes nothing; default: `default`. */
  readonly start?: number;
  /** Name in links, and with hyphens in headless flags (`--top-p`); default: the key in snake case. */
  readonly link?: string;
  /** Name in a request to llama.cpp's server; default: the link's name; null if the server has none. */
  readonly llamaCpp?: string | null;
  /** Name in an OpenAI request; absent if OpenAI has none. */
  readonly openai?: string;
  /** What it does to the distribution. */
  readonly help: string;
}

export interface StageDefinition<Name extends string = string, Key extends string = string> {
  readonly name: Name;
  /** Its name on the page. */
  readonly label: string;
  /** What it does, in one sentence. */
  readonly help: string;
  readonly kind: StageKind;
  /**
   * The stage is newer than the first links and records. Missing parameters have their defaults, which are neutral, and a checksum
   * leaves out parameters at their defaults. An order that does not name the stage has it at its place all the same.
   */
  readonly later?: true;
  /** Whether it still runs while mirostat steers the text. */
  readonly withMirostat: boolean;
  /** Whether beam search runs it. Beams rank by raw logprob, so heating and picking make no sense there. */
  readonly forBeams: boolean;
  /** Its name in `samplers` of a request to llama.cpp's server; default: `name`; null if that server has no such stage. */
  readonly llamaCpp?: string | null;
  /** By key of `SamplingParams`. The page shows the first on the stage's row, the others below it. */
  readonly parameters: Readonly<Record<Key, NumberDefinition>>;
  /** Whether the stage changes nothing with these parameters. The chain leaves it out, and the page says "off". */
  idle(params: Readonly<Record<NoInfer<Key>, number>>): boolean;
}

/** Exists to infer the two kinds of names that `SamplingParams` is made of. */
export function defineStage<const Name extends string, Key extends string>(
  definition: StageDefinition<Name, Key>,
): StageDefinition<Name, Key> {
  return definition;
}

/** The numbers of a stage's own parameters. */
export type NumbersOf<Definition> =
  Definition extends StageDefinition<string, infer Key> ? Readonly<Record<Key, number>> : never;
