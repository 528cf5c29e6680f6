/** What a comparison in a record must be: texts that were run together, as lanes or as the branches of a strategy. */
import * as v from 'valibot';
import type { Strategy } from '../../decoding/events.ts';
import { maxEntries, maxLanes } from '../limits.ts';
import { lanePatchSchema, maxPattern, paramsSchema } from '../settings_schema.ts';
import { index, list, logprob, maxTexts, maxTokens, size } from './bounds.ts';

/** Characters of an answer, a stop sequence, or a whole output beside its tokens. */
const maxOutput = 1_000_000;

export const strategyKinds: readonly Strategy['kind'][] = [
  'sample',
  'greedy',
  'beam',
  'best-of-n',
  'majority-vote',
  'first-valid',
];

const count = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const output = v.pipe(v.string(), v.maxLength(maxOutput));
const samples = count(1, maxTexts);
const pattern = {
  pattern: v.pipe(v.string(), v.maxLength(maxPattern)),
  flags: v.exactOptional(v.pipe(v.string(), v.maxLength(10))),
};

const verifier = v.variant('kind', [
  v.object({ kind: v.literal('regex'), ...pattern }),
  v.object({ kind: v.literal('json') }),
  v.object({ kind: v.literal('length'), min: v.exactOptional(size), max: v.exactOptional(size) }),
]);

const strategySchema: v.GenericSchema<unknown, Strategy> = v.variant('kind', [
  v.object({ kind: v.literal('sample') }),
  v.object({ kind: v.literal('greedy') }),
  v.object({
    kind: v.literal('beam'),
    width: samples,
    lengthPenalty: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
  }),
  v.object({
    kind: v.literal('best-of-n'),
    n: samples,
    score: v.variant('kind', [
      v.object({ kind: v.picklist(['average-logprob', 'shortest', 'longest']) }),
      v.object({ kind: v.literal('verifier'), verifier }),
    ]),
  }),
  v.object({
    kind: v.literal('majority-vote'),
    n: samples,
    extractor: v.variant('kind', [
      v.object({ kind: v.picklist(['last-number', 'whole-text']) }),
      v.object({ kind: v.literal('regex'), ...pattern, fold: v.exactOptional(v.literal(true)) }),
    ]),
  }),
  v.object({ kind: v.literal('first-valid'), n: samples, verifier }),
]);

const texts = list(index, maxTexts);

/** The result of a run of several texts. Texts are named by their index in the record. */
const outcome = v.object({
  winner: v.nullable(index),
  /** Best first; only texts that the record has. */
  ranking: texts,
  /** Most votes first. */
  votes: list(v.object({ answer: output, branches: texts }), maxTexts),
  /** One per text; null for what the strategy does not judge. */
  judgements: list(
    v.object({ score: v.nullable(logprob), valid: v.nullable(v.boolean()), answer: v.nullable(output) }),
    maxTexts,
  ),
  timing: v.object({
    promptTokens: size,
    reusedTokens: size,
    prefillMs: milliseconds,
    steps: size,
    tokens: size,
    decodeMs: milliseconds,
    samplingMs: milliseconds,
  }),
});

export const comparisonSchema = v.object({
  strategy: strategySchema,
  /** What the lanes have in common. */
  params: paramsSchema,
  /** What each lane changes in `params`; empty for the branches of a strategy. */
  lanes: list(lanePatchSchema, maxLanes),
  sharedLuck: v.boolean(),
  stop: v.object({
    maxTokens: count(0, maxTokens),
    sequences: list(output, maxEntries),
    ignoreEndOfGeneration: v.exactOptional(v.boolean()),
  }),
  /** The most KV pages in use at once. */
  usage: v.nullable(v.object({ pagesUsed: size, pagesTotal: size, pageTokens: size, bytesPerPage: size })),
  /** Null if the page was closed before the run ended. */
  outcome: v.nullable(outcome),
  /** Beside a beam search: the text of the best token at each step. */
  greedy: v.nullable(v.object({ text: output, tokens: list(index, maxTokens), totalLogprob: logprob })),
});

export type DocumentOutcome = v.InferOutput<typeof outcome>;
export type DocumentComparison = v.InferOutput<typeof comparisonSchema>;

/** @param lengths prompt length of each text of the record */
export function comparisonFits({ lanes, outcome }: DocumentComparison, lengths: readonly number[]): boolean {
  const there = (text: number | null): boolean => text === null || text < lengths.length;
  return (
    (lanes.length === 0 || lanes.length === lengths.length) &&
    // All texts of a comparison begin with the same prompt.
    lengths.every((length) => length === lengths[0]) &&
    (outcome === null ||
      (there(outcome.winner) &&
        outcome.ranking.every(there) &&
        outcome.votes.every(({ branches }) => branches.every(there)) &&
        outcome.judgements.length === lengths.length))
  );
}
