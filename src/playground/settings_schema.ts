/**
 * Schemas for settings from outside (a link, a file, the browser's storage), derived from the table of parameters. Settings that
 * do not fit are refused as a whole; only a link is read part by part (`link/`).
 */
import * as v from 'valibot';
import { PARAMETERS, type ParameterRow } from '../sampling/parameter_table.ts';
import { STAGES, type NumberKey, type SamplingParams, type StageName } from '../sampling/params.ts';
import { maxEntries, maxLanes } from './limits.ts';
import { methodRanges, type Method } from './method.ts';
import {
  maxTokensRange,
  pageViews,
  topRange,
  type LaneLayout,
  type LanePatch,
  type PageView,
  type Settings,
} from './settings.ts';
import { colourScales, type ColourMode } from './token_colour.ts';

/** Longest prompt, turn or stop sequence in UTF-16 units: a book chapter. */
const maxText = 1_000_000;

/** As in `sampling/validate.ts`: a bias beyond this would drown every other number. */
const maxBias = 1e6;

export const colourModes = [...Object.keys(colourScales), 'none'] as readonly ColourMode[];

/** A model's name in settings: a catalogue id, or a repository with a file and a revision. */
export const modelPattern = /^[\w.@:/+-]{1,300}$/;

function whole(min: number, max: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
}

export function numberSchema(row: ParameterRow) {
  const inRange = v.pipe(v.number(), v.minValue(row.min), v.maxValue(row.max));
  return row.integer ? v.pipe(inRange, v.integer()) : inRange;
}

type NumberSchema = ReturnType<typeof numberSchema>;

const numbers = Object.fromEntries(
  PARAMETERS.map((row) => {
    const schema = numberSchema(row);
    return [row.key, row.later ? v.optional(schema, row.default) : schema];
  }),
) as Record<NumberKey, NumberSchema>;

const text = v.pipe(v.string(), v.maxLength(maxText));
const stage = v.picklist(Object.keys(STAGES) as StageName[]);
const list = <T extends v.GenericSchema>(item: T) =>
  v.pipe(v.array(item), v.maxLength(maxEntries), v.readonly());

export const stagesSchema = list(stage);
export const orderSchema = v.pipe(
  stagesSchema,
  v.check((order) => new Set(order).size === order.length, 'The order names a stage twice.'),
);
/** A ban is −∞, which JSON cannot represent, so it is the text "ban" there. */
const bias = v.union([
  v.pipe(v.number(), v.minValue(-maxBias), v.maxValue(maxBias)),
  v.pipe(
    v.union([v.literal('ban'), v.literal(-Infinity)]),
    v.transform(() => -Infinity),
  ),
]);
export const logitBiasSchema = list(v.object({ token: whole(0, 2 ** 31 - 1), bias }));
export const dryBreakersSchema = list(v.pipe(text, v.minLength(1)));
/** The grammar's own field reports its problems; here the source may be any text. */
export const grammarSchema = v.nullable(
  v.object({ kind: v.picklist(['json-schema', 'regex', 'ebnf']), source: text }),
);

const params = {
  ...numbers,
  order: orderSchema,
  off: stagesSchema,
  logitBias: logitBiasSchema,
  dryBreakers: dryBreakersSchema,
  grammar: grammarSchema,
};

export const paramsSchema: v.GenericSchema<unknown, SamplingParams> = v.object(params);
export const lanePatchSchema = v.partial(v.object(params)) as v.GenericSchema<unknown, LanePatch>;

const messagesSchema = list(v.object({ role: v.picklist(['system', 'user', 'assistant']), content: text }));

export const laneLayouts: readonly LaneLayout[] = ['columns', 'rows', 'aligned'];

export const pageView = v.picklist(Object.keys(pageViews) as PageView[]);

/** Longest regular expression in a link or a file, in characters. */
export const maxPattern = 1_000;
const pattern = v.pipe(v.string(), v.maxLength(maxPattern));
const length = whole(methodRanges.length.min, methodRanges.length.max);

/** Field by field, because a link reads them one by one. */
export const methodFields = {
  kind: v.picklist(['lanes', 'best-of-n', 'majority-vote', 'first-valid', 'beam']),
  samples: whole(methodRanges.samples.min, methodRanges.samples.max),
  score: v.picklist(['average-logprob', 'shortest', 'longest', 'verifier']),
  verifier: v.picklist(['regex', 'json', 'length']),
  pattern,
  shortest: length,
  longest: length,
  extractor: v.picklist(['last-number', 'regex', 'whole-text']),
  answerPattern: pattern,
  width: whole(methodRanges.width.min, methodRanges.width.max),
  lengthPenalty: v.pipe(
    v.number(),
    v.minValue(methodRanges.lengthPenalty.min),
    v.maxValue(methodRanges.lengthPenalty.max),
  ),
} as const;
const methodSchema: v.GenericSchema<unknown, Method> = v.object(methodFields);

export const settingsSchema: v.GenericSchema<unknown, Settings> = v.object({
  model: v.pipe(v.string(), v.regex(modelPattern)),
  mode: v.picklist(['text', 'chat']),
  prompt: text,
  messages: messagesSchema,
  params: paramsSchema,
  lanes: v.pipe(v.array(lanePatchSchema), v.minLength(1), v.maxLength(maxLanes), v.readonly()),
  method: methodSchema,
  sharedLuck: v.boolean(),
  maxTokens: whole(maxTokensRange.min, maxTokensRange.max),
  stop: list(text),
  rollSeed: v.boolean(),
  view: v.object({
    page: pageView,
    colour: v.picklist(colourModes),
    scale: v.picklist(['linear', 'log']),
    top: whole(topRange.min, topRange.max),
    whitespace: v.boolean(),
    // Records from before there was a choice have none.
    layout: v.optional(v.picklist(laneLayouts), 'columns'),
  }),
});
