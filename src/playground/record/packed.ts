/**
 * The form in which a link carries a record: columns of small whole numbers, each token's text once, and what texts share once, so
 * that deflate makes it short. Logprobs and entropies are in thousandths of a nat. Types derive from the schema.
 */
import * as v from 'valibot';
import { lanePatchSchema } from '../settings_schema.ts';
import { numberNames, type PackedColumn, tokenNumbers } from '../texts/token_numbers.ts';
import { index, list, maxTexts, maxTokens } from './bounds.ts';
import { comparisonSchema } from './comparison_schema.ts';
import { drawnSchema, textSchema, maxDrawn, recordParts, tokenSchema } from './document.ts';

export const packVersion = 2;

const whole = v.pipe(v.number(), v.integer());
const pair = v.pipe(v.tuple([index, index]), v.readonly());
const words = v.pipe(v.array(index), v.readonly());
const values = v.pipe(v.array(v.nullable(whole)), v.readonly());

/** A column of each number; `masked` only where a grammar applied. */
const numberColumns = {
  ...(Object.fromEntries(numberNames.map((name) => [tokenNumbers[name].packed, values])) as Record<
    PackedColumn,
    typeof values
  >),
  masked: v.exactOptional(values),
};

const packedText = v.object({
  ...v.pick(textSchema, ['name', 'lane', 'promptLength', 'visible', 'reason']).entries,
  /** Parent, and the position of the first own token. */
  fork: v.exactOptional(pair),
  byHand: v.exactOptional(textSchema.entries.byHand),
  stream: v.exactOptional(index),
  /** Parameters that differ from version 1's defaults. */
  params: lanePatchSchema,
  drawn: v.exactOptional(list(v.object({ ...drawnSchema.entries, params: lanePatchSchema }), maxDrawn)),
  /** An earlier text, and how many of its tokens, numbers included, begin this one. */
  share: v.nullable(pair),
  /** Indices into the words; the other columns beside them. */
  words,
  /** Pieces that are not their token's label, by index among this text's own tokens. */
  texts: list(v.pipe(v.tuple([index, v.string()]), v.readonly()), maxTokens),
  ...numberColumns,
  /** How many candidates each token has; their columns are in `top`. */
  counts: words,
  top: v.object({
    words,
    /** Each is the distance from the previous one, except for a step's first. */
    raw: v.pipe(v.array(whole), v.readonly()),
    /** The distance from raw; null for a removed candidate. */
    final: values,
  }),
});

export const packedSchema = v.object({
  ...v.omit(v.object(recordParts), ['lines', 'comparison']).entries,
  pack: v.literal(packVersion, 'it is not a record of this version'),
  /** Token ids by word, and labels; kinds only where they are not `normal`. */
  ids: words,
  labels: v.pipe(v.array(v.string()), v.readonly()),
  kinds: v.pipe(v.array(v.pipe(v.tuple([index, tokenSchema.entries.kind]), v.readonly())), v.readonly()),
  lines: list(packedText, maxTexts),
  /** Only where there is one. Scores are rounded to thousandths, times to milliseconds. */
  comparison: v.exactOptional(v.object({ ...comparisonSchema.entries, params: lanePatchSchema })),
});

export type Packed = v.InferOutput<typeof packedSchema>;
export type PackedText = v.InferOutput<typeof packedText>;
export type Values = v.InferOutput<typeof values>;
