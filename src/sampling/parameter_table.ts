/**
 * THE table of numeric parameters. Controls, validation, links, adapters, headless flags and documentation are
 * derived from it; a range or a default is written here and nowhere else. Values: llama.cpp's defaults.
 */
import type { NumberKey, SamplingParams, StageName } from './params.ts';
import { DEFAULT_DRY_BREAKERS, DEFAULT_ORDER } from './params.ts';

export interface ParameterRow {
  readonly key: NumberKey;
  /** The stage it belongs to; null: to the draw or to several stages. */
  readonly stage: StageName | null;
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
  /** The value at which it changes nothing; null where only its stage's other parameter can switch it off. */
  readonly neutral: number | null;
  /** What it does to the distribution. */
  readonly help: string;
  /** Name in links and headless flags (`--top-p`, with hyphens). */
  readonly name: string;
  /** Name in a request to llama.cpp's server. */
  readonly llamaCpp: string | null;
  /** Name in an OpenAI request; null where OpenAI has none. */
  readonly openai: string | null;
}

type Limits = readonly [min: number, max: number];

interface Shape {
  readonly stage: StageName | null;
  readonly label: string;
  readonly range: Limits;
  readonly slider?: Limits;
  readonly step: number;
  readonly scale?: 'log';
  readonly default: number;
  readonly neutral: number | null;
  readonly names: { readonly link: string; readonly llamaCpp?: string | null; readonly openai?: string };
  readonly help: string;
}

function row(key: NumberKey, shape: Shape): ParameterRow {
  const slider = shape.slider ?? shape.range;
  return {
    key,
    stage: shape.stage,
    label: shape.label,
    min: shape.range[0],
    max: shape.range[1],
    sliderMin: slider[0],
    sliderMax: slider[1],
    step: shape.step,
    scale: shape.scale ?? 'linear',
    integer: Number.isInteger(shape.step),
    default: shape.default,
    neutral: shape.neutral,
    help: shape.help,
    name: shape.names.link,
    llamaCpp: shape.names.llamaCpp === undefined ? shape.names.link : shape.names.llamaCpp,
    openai: shape.names.openai ?? null,
  };
}

export const PARAMETERS: readonly ParameterRow[] = [
  row('temperature', {
    stage: 'temperature',
    label: 'Temperature',
    range: [0, 100],
    slider: [0, 2],
    step: 0.01,
    default: 0.8,
    neutral: 1,
    names: { link: 'temperature', openai: 'temperature' },
    help: 'Divides every logit. Below 1 the likely tokens gain, above 1 the unlikely ones do; 0 always takes the most likely.',
  }),
  row('dynatempRange', {
    stage: 'temperature',
    label: 'Dynamic range',
    range: [0, 100],
    slider: [0, 2],
    step: 0.01,
    default: 0,
    neutral: 0,
    names: { link: 'dynatemp_range' },
    help: 'Lets the temperature move by this much either way: low where the model is sure, high where it is not.',
  }),
  row('dynatempExponent', {
    stage: 'temperature',
    label: 'Dynamic exponent',
    range: [0.01, 100],
    slider: [0.1, 10],
    step: 0.01,
    scale: 'log',
    default: 1,
    neutral: null,
    names: { link: 'dynatemp_exponent' },
    help: 'Bends how entropy becomes temperature: above 1 only a very unsure model is heated.',
  }),
  row('topK', {
    stage: 'top_k',
    label: 'Top-k',
    range: [0, 1_000_000],
    slider: [0, 200],
    step: 1,
    default: 40,
    neutral: 0,
    names: { link: 'top_k' },
    help: 'Keeps the k most likely tokens, however likely they are; 0 keeps all.',
  }),
  row('topP', {
    stage: 'top_p',
    label: 'Top-p',
    range: [0, 1],
    step: 0.01,
    default: 0.95,
    neutral: 1,
    names: { link: 'top_p', openai: 'top_p' },
    help: 'Keeps the most likely tokens until together they hold this share of the probability; 1 keeps all.',
  }),
  row('minP', {
    stage: 'min_p',
    label: 'Min-p',
    range: [0, 2],
    slider: [0, 1],
    step: 0.01,
    default: 0.05,
    neutral: 0,
    names: { link: 'min_p' },
    help: 'Removes tokens less likely than this share of the most likely one; 0 keeps all.',
  }),
  row('typicalP', {
    stage: 'typical_p',
    label: 'Typical-p',
    range: [0, 1],
    step: 0.01,
    default: 1,
    neutral: 1,
    names: { link: 'typical_p' },
    help: 'Keeps the tokens whose surprise is nearest to the average one until they hold more than this share; can drop the most likely token.',
  }),
  row('topNSigma', {
    stage: 'top_n_sigma',
    label: 'Top-nσ',
    range: [-1, 100],
    slider: [-1, 5],
    step: 0.01,
    default: -1,
    neutral: -1,
    names: { link: 'top_n_sigma' },
    help: 'Removes logits more than n standard deviations below the highest; 0 or less keeps all.',
  }),
  row('xtcProbability', {
    stage: 'xtc',
    label: 'XTC probability',
    range: [0, 1],
    step: 0.01,
    default: 0,
    neutral: 0,
    names: { link: 'xtc_probability' },
    help: 'How often XTC cuts at a step: it removes all likely tokens but the least likely of them.',
  }),
  row('xtcThreshold', {
    stage: 'xtc',
    label: 'XTC threshold',
    range: [0, 1],
    slider: [0, 0.5],
    step: 0.01,
    default: 0.1,
    neutral: null,
    names: { link: 'xtc_threshold' },
    help: 'A token at least this likely counts as likely for XTC; above 0.5 nothing is ever cut.',
  }),
  row('repeatPenalty', {
    stage: 'penalties',
    label: 'Repeat penalty',
    range: [0.01, 1000],
    slider: [1, 2],
    step: 0.01,
    default: 1,
    neutral: 1,
    names: { link: 'repeat_penalty' },
    help: 'Divides the logit of a token that has appeared (multiplies it when negative), so that it is less likely again.',
  }),
  row('frequencyPenalty', {
    stage: 'penalties',
    label: 'Frequency penalty',
    range: [-100, 100],
    slider: [-2, 2],
    step: 0.01,
    default: 0,
    neutral: 0,
    names: { link: 'frequency_penalty', openai: 'frequency_penalty' },
    help: 'Lowers a token’s logit by this much for each time it has appeared; negative values invite repeats.',
  }),
  row('presencePenalty', {
    stage: 'penalties',
    label: 'Presence penalty',
    range: [-100, 100],
    slider: [-2, 2],
    step: 0.01,
    default: 0,
    neutral: 0,
    names: { link: 'presence_penalty', openai: 'presence_penalty' },
    help: 'Lowers a token’s logit by this much once it has appeared at all, however often.',
  }),
  row('penaltyLastN', {
    stage: 'penalties',
    label: 'Penalty window',
    range: [-1, 1_000_000],
    slider: [0, 512],
    step: 1,
    default: 64,
    neutral: null,
    names: { link: 'repeat_last_n' },
    help: 'How many of the last tokens the three penalties look at; 0 none, −1 the whole text.',
  }),
  row('dryMultiplier', {
    stage: 'dry',
    label: 'DRY multiplier',
    range: [0, 100],
    slider: [0, 5],
    step: 0.01,
    default: 0,
    neutral: 0,
    names: { link: 'dry_multiplier' },
    help: 'How strongly a token is lowered that would lengthen a passage seen before; 0 switches DRY off.',
  }),
  row('dryBase', {
    stage: 'dry',
    label: 'DRY base',
    range: [1, 100],
    slider: [1, 4],
    step: 0.01,
    default: 1.75,
    neutral: null,
    names: { link: 'dry_base' },
    help: 'By how much the DRY penalty grows with each further token of the repeated passage.',
  }),
  row('dryAllowedLength', {
    stage: 'dry',
    label: 'DRY allowed length',
    range: [1, 1000],
    slider: [1, 20],
    step: 1,
    default: 2,
    neutral: null,
    names: { link: 'dry_allowed_length' },
    help: 'Repeated passages shorter than this go unpunished.',
  }),
  row('dryLastN', {
    stage: 'dry',
    label: 'DRY window',
    range: [-1, 1_000_000],
    slider: [0, 512],
    step: 1,
    default: 64,
    neutral: null,
    names: { link: 'dry_penalty_last_n' },
    help: 'How many of the last tokens DRY searches for repeats; 0 none, −1 the whole text.',
  }),
  row('mirostat', {
    stage: 'mirostat',
    label: 'Mirostat',
    range: [0, 2],
    step: 1,
    default: 0,
    neutral: 0,
    names: { link: 'mirostat' },
    help: '1 or 2: hold the surprise of the text near τ by a moving cut-off, in place of DRY and every other cut. 0: off.',
  }),
  row('mirostatTau', {
    stage: 'mirostat',
    label: 'Mirostat τ',
    range: [0, 100],
    slider: [0, 10],
    step: 0.01,
    default: 5,
    neutral: null,
    names: { link: 'mirostat_tau' },
    help: 'The surprise that mirostat aims at, in bits a token: low is plain, high is wild.',
  }),
  row('mirostatEta', {
    stage: 'mirostat',
    label: 'Mirostat η',
    range: [0, 1],
    step: 0.01,
    default: 0.1,
    neutral: null,
    names: { link: 'mirostat_eta' },
    help: 'How fast mirostat corrects its cut-off after each token.',
  }),
  row('adaptiveTarget', {
    stage: 'adaptive_p',
    label: 'Adaptive target',
    range: [-1, 1],
    slider: [-0.01, 1],
    step: 0.01,
    default: -1,
    neutral: -1,
    names: { link: 'adaptive_target' },
    help: 'Favours tokens about this likely; below 0 it is off.',
  }),
  row('adaptiveDecay', {
    stage: 'adaptive_p',
    label: 'Adaptive decay',
    range: [0, 0.99],
    step: 0.01,
    default: 0.9,
    neutral: null,
    names: { link: 'adaptive_decay' },
    help: 'How long adaptive-p remembers what was picked: 0 only the last token, 0.99 about a hundred.',
  }),
  row('minKeep', {
    stage: null,
    label: 'Keep at least',
    range: [0, 1000],
    slider: [0, 20],
    step: 1,
    default: 0,
    neutral: 0,
    names: { link: 'min_keep' },
    help: 'Typical-p, top-p, min-p and XTC leave at least this many candidates.',
  }),
  row('seed', {
    stage: null,
    label: 'Seed',
    range: [0, 4_294_967_295],
    step: 1,
    default: 42,
    neutral: null,
    names: { link: 'seed', openai: 'seed' },
    help: 'Chooses the luck: the same seed at the same position always draws the same number, in every lane.',
  }),
];

const BY_KEY: ReadonlyMap<NumberKey, ParameterRow> = new Map(PARAMETERS.map((entry) => [entry.key, entry]));

export function parameter(key: NumberKey): ParameterRow {
  const found = BY_KEY.get(key);
  if (found === undefined) throw new RangeError(`There is no parameter "${key}"; PARAMETERS lists them.`);
  return found;
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

/** Every stage neutral: the draw is from the raw distribution at temperature 1. The seed is the default one. */
export function neutralParams(): SamplingParams {
  return { ...defaultParams(), ...numbers((entry) => entry.neutral ?? entry.default) };
}
