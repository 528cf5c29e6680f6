/**
 * The table of numeric parameters, derived from the definitions of the stages. Controls, validation, links, adapters, headless
 * flags and documentation read it. Defaults are llama.cpp's.
 */
import {
  DEFAULT_ORDER,
  STAGES,
  stagesByKind,
  type NumberKey,
  type SamplingParams,
  type StageName,
} from './params.ts';
import type { NumberDefinition } from './samplers/definition.ts';
import { DEFAULT_DRY_BREAKERS } from './samplers/dry.ts';
import { SHARED } from './samplers/shared.ts';

export interface ParameterRow {
  readonly key: NumberKey;
  /** The stage that it belongs to; null if it belongs to the draw or to several stages. */
  readonly stage: StageName | null;
  /** Whether the stage is newer than the first links and records, which therefore do not name it. */
  readonly later: boolean;
  readonly label: string;
  /** Valid values, ends included. */
  readonly min: number;
  readonly max: number;
  /** What a slider covers; a number field takes all of `min … max`. */
  readonly sliderMin: number;
  readonly sliderMax: number;
  readonly step: number;
  readonly scale: 'linear' | 'log';
  readonly integer: boolean;
  readonly default: number;
  /** The value at which it changes nothing; null if only its stage's other parameter can switch it off. */
  readonly neutral: number | null;
  /** The value with which its stage is switched on if the present one changes nothing. */
  readonly start: number;
  /** What it does to the distribution. */
  readonly help: string;
  /** Name in links and headless flags (`--top-p`, with hyphens). */
  readonly name: string;
  /** Name in a request to llama.cpp's server. */
  readonly llamaCpp: string | null;
  /** Name in an OpenAI request; null if OpenAI has none. */
  readonly openai: string | null;
}

function rowsOf(
  stage: StageName | null,
  numbers: Readonly<Record<string, NumberDefinition>>,
  stageLabel = '',
  later = false,
): ParameterRow[] {
  return Object.entries(numbers).map(([key, number]) => {
    const { range, slider = range, link = snakeCase(key), llamaCpp = link } = number;
    return {
      label: stageLabel,
      scale: 'linear',
      openai: null,
      start: number.default,
      ...number,
      key: key as NumberKey,
      stage,
      later,
      min: range[0],
      max: range[1],
      sliderMin: slider[0],
      sliderMax: slider[1],
      integer: Number.isInteger(number.step),
      name: link,
      llamaCpp,
    };
  });
}

/** `topNSigma` is `top_n_sigma`. */
function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Temperature first, then what cuts, what adjusts, what picks; within each kind in the order of the chain. */
export const PARAMETERS: readonly ParameterRow[] = [
  ...stagesByKind('scale', 'cut', 'adjust', 'pick', 'mask').flatMap(({ name, parameters, label, later }) =>
    rowsOf(name, parameters, label, later),
  ),
  ...rowsOf(null, SHARED),
];

const BY_KEY: ReadonlyMap<NumberKey, ParameterRow> = new Map(PARAMETERS.map((entry) => [entry.key, entry]));

export function parameter(key: NumberKey): ParameterRow {
  return BY_KEY.get(key)!;
}

function numbers(choose: (entry: ParameterRow) => number): Record<NumberKey, number> {
  return Object.fromEntries(PARAMETERS.map((entry) => [entry.key, choose(entry)])) as Record<
    NumberKey,
    number
  >;
}

/** llama.cpp's defaults and order. */
export function defaultParams(): SamplingParams {
  return {
    ...numbers((entry) => entry.default),
    order: DEFAULT_ORDER,
    off: [],
    logitBias: [],
    dryBreakers: DEFAULT_DRY_BREAKERS,
    grammar: null,
  };
}

/** Version 1's defaults, which links and records leave out. They name no later stage. */
export function firstParams(): SamplingParams {
  return { ...defaultParams(), order: DEFAULT_ORDER.filter((name) => !STAGES[name].later) };
}

/** Every stage is neutral: the draw is from the raw distribution at temperature 1. The seed is the default one. */
export function neutralParams(): SamplingParams {
  return { ...defaultParams(), ...numbers((entry) => entry.neutral ?? entry.default) };
}
