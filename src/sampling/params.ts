/**
 * What a sampler can be told. The numbers are described once, in `parameter_table.ts`; this file is their type,
 * and the few settings that are not numbers.
 */

/** Stages that may stand in the chain, each at most once. The draw always comes after the last. */
export type StageName =
  | 'grammar'
  | 'logit_bias'
  | 'penalties'
  | 'dry'
  | 'top_n_sigma'
  | 'top_k'
  | 'typical_p'
  | 'top_p'
  | 'min_p'
  | 'xtc'
  | 'temperature'
  | 'mirostat'
  | 'adaptive_p';

/** A parameter that is a number: it has a row in the table, a control, a flag and a place in the link. */
export type NumberKey =
  | 'temperature'
  | 'dynatempRange'
  | 'dynatempExponent'
  | 'topK'
  | 'topP'
  | 'minP'
  | 'typicalP'
  | 'topNSigma'
  | 'xtcProbability'
  | 'xtcThreshold'
  | 'penaltyLastN'
  | 'repeatPenalty'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'dryMultiplier'
  | 'dryBase'
  | 'dryAllowedLength'
  | 'dryLastN'
  | 'mirostat'
  | 'mirostatTau'
  | 'mirostatEta'
  | 'adaptiveTarget'
  | 'adaptiveDecay'
  | 'minKeep'
  | 'seed';

/** Added to one token's logit; −∞ (or ≤ −100 when it comes from an OpenAI-style request) bans it. */
export interface LogitBias {
  readonly token: number;
  readonly bias: number;
}

/** What an output must be, in one of three languages: XGrammar's EBNF, a regular expression, a JSON schema. */
export interface Grammar {
  readonly kind: 'json-schema' | 'regex' | 'ebnf';
  readonly source: string;
}

/** Everything that decides how a token is picked from its logits. Plain data: it can be cloned, stored and sent. */
export interface SamplingParams extends Readonly<Record<NumberKey, number>> {
  /** The chain, first stage first. A stage that is missing here does not run. */
  readonly order: readonly StageName[];
  /** Stages of `order` that are switched off for now and keep their place and their values. */
  readonly off: readonly StageName[];
  readonly logitBias: readonly LogitBias[];
  /** Texts across which DRY does not look for repeats. */
  readonly dryBreakers: readonly string[];
  /** Null lets every token through. Its mask is made outside and comes with each step. */
  readonly grammar: Grammar | null;
}

/** The grammar that a chain holds its text to; null where there is none, or its stage does not run. */
export function activeGrammar({ grammar, order, off }: SamplingParams): Grammar | null {
  return order.includes('grammar') && !off.includes('grammar') ? grammar : null;
}

/**
 * llama.cpp's order, with the grammar's mask first. Mirostat and adaptive-p are neutral by default; switched on,
 * mirostat leaves only grammar, bias, penalties and temperature before it.
 */
export const DEFAULT_ORDER: readonly StageName[] = [
  'grammar',
  'logit_bias',
  'penalties',
  'dry',
  'top_n_sigma',
  'top_k',
  'typical_p',
  'top_p',
  'min_p',
  'xtc',
  'temperature',
  'mirostat',
  'adaptive_p',
];

/** Temperature before everything that cuts, as Hugging Face and OpenAI do. */
export const TEMPERATURE_FIRST_ORDER: readonly StageName[] = [
  'grammar',
  'logit_bias',
  'penalties',
  'dry',
  'temperature',
  'top_n_sigma',
  'top_k',
  'typical_p',
  'top_p',
  'min_p',
  'xtc',
  'mirostat',
  'adaptive_p',
];

export const DEFAULT_DRY_BREAKERS: readonly string[] = ['\n', ':', '"', '*'];

/** How a stage is called on the page, and what it does in one sentence. */
export const STAGES: Readonly<Record<StageName, { readonly label: string; readonly help: string }>> = {
  grammar: {
    label: 'Grammar',
    help: 'Removes every token with which the text could no longer become valid.',
  },
  logit_bias: { label: 'Logit bias', help: 'Raises, lowers or bans the tokens you name.' },
  penalties: { label: 'Penalties', help: 'Lowers tokens that have already appeared.' },
  dry: { label: 'DRY', help: 'Lowers a token that would lengthen a passage already seen word for word.' },
  top_n_sigma: {
    label: 'Top-nσ',
    help: 'Keeps logits within n standard deviations of the best one; a temperature before it changes nothing.',
  },
  top_k: { label: 'Top-k', help: 'Keeps the k most likely tokens.' },
  typical_p: {
    label: 'Typical-p',
    help: 'Keeps the tokens whose surprise is nearest to the average surprise, until their mass exceeds p.',
  },
  top_p: { label: 'Top-p', help: 'Keeps the most likely tokens until their mass reaches p (the nucleus).' },
  min_p: { label: 'Min-p', help: 'Keeps tokens at least min-p times as likely as the best one.' },
  xtc: {
    label: 'XTC',
    help: 'Now and then removes every likely token but the least likely of them, for less expected text.',
  },
  temperature: {
    label: 'Temperature',
    help: 'Divides the logits: below 1 sharpens the distribution, above 1 flattens it, 0 takes the best.',
  },
  mirostat: {
    label: 'Mirostat',
    help: 'Steers the surprise of the text towards τ by moving its own cut-off after each token.',
  },
  adaptive_p: {
    label: 'Adaptive-p',
    help: 'Favours tokens whose probability is near a target that follows what was picked before.',
  },
};
