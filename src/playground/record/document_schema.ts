/** What a run document from outside must be. Sizes are bounded, and every index points at something. */
import * as v from 'valibot';
import type { StopReason, Strategy } from '../../decoding/events.ts';
import type { EngineKind, TokenKind } from '../../engines/contract.ts';
import { maxEntries, maxLanes } from '../limits.ts';
import { eachNumber, tokenNumbers } from '../texts/token_numbers.ts';
import { lanePatchSchema, maxPattern, paramsSchema, settingsSchema } from '../settings_schema.ts';
import { logprob, maxLines, maxTokens, maxTop, name, tokenText } from './bounds.ts';
import { documentChecksum, tokenChecksum } from './checksum.ts';
import {
  documentFormat,
  documentVersion,
  firstVersion,
  type DocumentComparison,
  type KeptDocument,
  type RunDocument,
  type RunRecord,
} from './document.ts';

/** Times that a text was continued with other parameters. */
export const maxDrawn = 10_000;
/** Characters of an answer, a stop sequence, or a whole output beside its tokens. */
const maxOutput = 1_000_000;

const kinds: readonly TokenKind[] = ['normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'];
const engines: readonly (EngineKind | 'unknown')[] = [
  'webgpu',
  'web-llm',
  'openai',
  'wllama',
  'scripted',
  'unknown',
];
const reasons: readonly StopReason[] = [
  'end-of-generation',
  'max-tokens',
  'stop-sequence',
  'context-full',
  'stopped',
  'lost-race',
  'pruned',
  'error',
];
const strategyKinds: readonly Strategy['kind'][] = [
  'sample',
  'greedy',
  'beam',
  'best-of-n',
  'majority-vote',
  'first-valid',
];

const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const size = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

const candidate = v.object({
  id: index,
  label: tokenText,
  rawLogprob: logprob,
  finalLogprob: v.nullable(logprob),
});

const token = v.object({
  id: index,
  text: tokenText,
  label: tokenText,
  kind: v.picklist(kinds),
  ...eachNumber((name) => v.nullable(tokenNumbers[name].unit === 'nats' ? logprob : index)),
  masked: v.exactOptional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)))),
  top: v.pipe(v.array(candidate), v.maxLength(maxTop), v.readonly()),
});

const drawn = v.object({ from: index, params: paramsSchema, strategy: v.picklist(strategyKinds) });

const line = v.object({
  name,
  lane: index,
  parent: v.nullable(index),
  forkedAt: v.nullable(index),
  params: paramsSchema,
  drawn: v.optional(v.pipe(v.array(drawn), v.maxLength(maxDrawn), v.readonly()), []),
  stream: index,
  byHand: v.pipe(v.array(index), v.maxLength(maxTokens), v.readonly()),
  promptLength: index,
  visible: size,
  reason: v.picklist(reasons),
  tokens: v.pipe(v.array(token), v.maxLength(maxTokens), v.readonly()),
});

const count = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const some = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const output = v.pipe(v.string(), v.maxLength(maxOutput));
const pattern = {
  pattern: v.pipe(v.string(), v.maxLength(maxPattern)),
  flags: v.exactOptional(v.pipe(v.string(), v.maxLength(10))),
};

const verifier = v.variant('kind', [
  v.object({ kind: v.literal('regex'), ...pattern }),
  v.object({ kind: v.literal('json') }),
  v.object({ kind: v.literal('length'), min: v.exactOptional(size), max: v.exactOptional(size) }),
]);
const samples = count(1, maxLines);

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
      v.object({ kind: v.literal('regex'), ...pattern }),
    ]),
  }),
  v.object({ kind: v.literal('first-valid'), n: samples, verifier }),
]);

const stop = v.object({
  maxTokens: count(0, maxTokens),
  sequences: v.pipe(v.array(output), v.maxLength(maxEntries), v.readonly()),
  ignoreEndOfGeneration: v.exactOptional(v.boolean()),
});

const outcome = v.object({
  winner: v.nullable(index),
  ranking: v.pipe(v.array(index), v.maxLength(maxLines), v.readonly()),
  votes: v.pipe(
    v.array(
      v.object({ answer: output, branches: v.pipe(v.array(index), v.maxLength(maxLines), v.readonly()) }),
    ),
    v.maxLength(maxLines),
    v.readonly(),
  ),
  judgements: v.pipe(
    v.array(
      v.object({
        score: v.nullable(logprob),
        valid: v.nullable(v.boolean()),
        answer: v.nullable(output),
      }),
    ),
    v.maxLength(maxLines),
    v.readonly(),
  ),
  timing: v.object({
    promptTokens: size,
    reusedTokens: size,
    prefillMs: some,
    steps: size,
    tokens: size,
    decodeMs: some,
    samplingMs: some,
  }),
});

const comparison = v.object({
  strategy: strategySchema,
  params: paramsSchema,
  lanes: v.pipe(v.array(lanePatchSchema), v.maxLength(maxLanes), v.readonly()),
  sharedLuck: v.boolean(),
  stop,
  usage: v.nullable(v.object({ pagesUsed: size, pagesTotal: size, pageTokens: size, bytesPerPage: size })),
  outcome: v.nullable(outcome),
  greedy: v.nullable(
    v.object({
      text: output,
      tokens: v.pipe(v.array(index), v.maxLength(maxTokens), v.readonly()),
      totalLogprob: logprob,
    }),
  ),
});

const record = {
  model: v.object({
    name,
    fileSize: size,
    vocabularySize: size,
    sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  }),
  engine: v.object({ kind: v.picklist(engines), adapter: name, numerics: v.exactOptional(name) }),
  strategy: v.picklist(strategyKinds),
  lines: v.pipe(v.array(line), v.minLength(1), v.maxLength(maxLines), v.readonly()),
  comparison: v.optional(v.nullable(comparison), null),
  current: index,
  selected: v.nullable(index),
};

/** Indices that point nowhere would break the page later, far from their cause. */
function hangsTogether({ lines, comparison, current, selected }: RunRecord): boolean {
  const onView = lines[current];
  return (
    onView !== undefined &&
    (comparison === null || belongs(comparison, lines)) &&
    (selected === null || selected <= onView.tokens.length) &&
    lines.every(
      ({ parent, forkedAt, drawn, promptLength, tokens, byHand }, at) =>
        (parent === null || parent < at) &&
        (forkedAt === null || forkedAt <= tokens.length) &&
        promptLength <= tokens.length &&
        drawn.every(({ from }, part) => from <= tokens.length && from > (drawn[part - 1]?.from ?? -1)) &&
        byHand.every((output) => output < tokens.length - promptLength),
    )
  );
}

function belongs({ lanes, outcome }: DocumentComparison, lines: RunRecord['lines']): boolean {
  const there = (line: number | null): boolean => line === null || line < lines.length;
  const [first] = lines;
  return (
    (lanes.length === 0 || lanes.length === lines.length) &&
    // All texts of a comparison begin with the same prompt.
    lines.every(({ promptLength }) => promptLength === first!.promptLength) &&
    (outcome === null ||
      (there(outcome.winner) &&
        outcome.ranking.every(there) &&
        outcome.votes.every(({ branches }) => branches.every(there)) &&
        outcome.judgements.length === lines.length))
  );
}

export const recordSchema: v.GenericSchema<unknown, RunRecord> = v.pipe(
  v.object(record),
  v.check(hangsTogether, 'its parts do not fit together'),
);

const keptDocument = {
  ...record,
  format: v.literal(documentFormat),
  version: v.picklist([firstVersion, documentVersion]),
  title: name,
  savedAt: v.pipe(v.string(), v.maxLength(40)),
  settings: settingsSchema,
};

export const keptSchema: v.GenericSchema<unknown, KeptDocument> = v.pipe(
  v.object(keptDocument),
  v.check((document) => hangsTogether(document), 'its parts do not fit together'),
);

export const documentSchema: v.GenericSchema<unknown, RunDocument> = v.pipe(
  v.object({ ...keptDocument, checksum: v.string() }),
  v.check((document) => hangsTogether(document), 'its parts do not fit together'),
  v.check(
    ({ checksum, ...content }) =>
      checksum ===
      (content.version === firstVersion ? tokenChecksum(content.lines) : documentChecksum(content)),
    'its checksum does not fit its content',
  ),
);
