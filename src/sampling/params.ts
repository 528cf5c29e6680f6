/**
 * What a sampler can be told. Names of stages and of numeric parameters come from the stages' definitions; this file makes
 * types and orders of them, and adds the few settings that are not numbers.
 */
import type { StageDefinition, StageKind } from './samplers/definition.ts';
import type { LogitBias } from './samplers/logit_bias.ts';
import type { SharedNumbers } from './samplers/shared.ts';
import { DEFINITIONS } from './stages.ts';

export type { LogitBias };

type Definition = (typeof DEFINITIONS)[number];
type KeyOf<One> = One extends StageDefinition<string, infer Key> ? Key : never;

/** Stages that may stand in the chain, each at most once. The draw always comes after the last. */
export type StageName = Definition['name'];

/** A parameter that is a number: it has a row in the table, a control, a flag and a place in the link. */
export type NumberKey = KeyOf<Definition> | keyof SharedNumbers;

/** What an output must be, in one of three languages: XGrammar's EBNF, a regular expression, a JSON schema. */
export interface Grammar {
  readonly kind: 'json-schema' | 'regex' | 'ebnf';
  readonly source: string;
}

/** Everything that decides how a token is picked from its logits. Plain data: it can be cloned, stored and sent. */
export interface SamplingParams extends Readonly<Record<NumberKey, number>> {
  /** The chain, first stage first. A stage that is missing here does not run, unless it came later: see `fullOrder`. */
  readonly order: readonly StageName[];
  /** Stages of `order` that are switched off for now and keep their place and their values. */
  readonly off: readonly StageName[];
  readonly logitBias: readonly LogitBias[];
  /** Texts across which DRY does not look for repeats. */
  readonly dryBreakers: readonly string[];
  /** Null lets every token through. Its mask is made outside and comes with each step. */
  readonly grammar: Grammar | null;
}

/** The grammar that constrains the text; null if there is none or its stage does not run. */
export function activeGrammar({ grammar, order, off }: SamplingParams): Grammar | null {
  return order.includes('grammar') && !off.includes('grammar') ? grammar : null;
}

const ALL: readonly StageDefinition<StageName>[] = DEFINITIONS;

/** What a stage is called on the page, what it does, and where it may run. */
export const STAGES = Object.fromEntries(ALL.map((stage) => [stage.name, stage])) as Readonly<
  Record<StageName, StageDefinition<StageName>>
>;

/** The stages of these kinds, one kind after the other, each in the order of the default chain. */
export function stagesByKind(...kinds: readonly StageKind[]): StageDefinition<StageName>[] {
  return kinds.flatMap((kind) => ALL.filter((stage) => stage.kind === kind));
}

/**
 * llama.cpp's order, with the grammar's mask first. Mirostat and adaptive-p are neutral by default; switched on,
 * mirostat leaves only grammar, bias, penalties and temperature before it.
 */
export const DEFAULT_ORDER: readonly StageName[] = ALL.map(({ name }) => name);

/**
 * Completes an order with the later stages that it does not name. Each stands after every stage that precedes it in the default
 * order, as it would if it had existed when the order was made.
 */
export function fullOrder(order: readonly StageName[]): readonly StageName[] {
  return DEFAULT_ORDER.reduce((full, name, place) => {
    if (!STAGES[name].later || full.includes(name)) return full;
    const at = full.findLastIndex((other) => DEFAULT_ORDER.indexOf(other) < place) + 1;
    return [...full.slice(0, at), name, ...full.slice(at)];
  }, order);
}

/** Temperature before everything that cuts, as Hugging Face and OpenAI do. */
export const TEMPERATURE_FIRST_ORDER: readonly StageName[] = stagesByKind(
  'mask',
  'adjust',
  'scale',
  'cut',
  'pick',
).map(({ name }) => name);
