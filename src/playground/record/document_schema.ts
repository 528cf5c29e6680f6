/** What a run document from outside must be. Sizes are bounded, and every index points at something. */
import * as v from 'valibot';
import type { StopReason, Strategy } from '../../decoding/events.ts';
import type { EngineKind, TokenKind } from '../../engines/contract.ts';
import { paramsSchema, settingsSchema } from '../settings_schema.ts';
import { tokenChecksum } from './checksum.ts';
import { documentFormat, documentVersion, type RunDocument, type RunRecord } from './document.ts';

/** As many texts as the page keeps. */
export const maxLines = 64;
/** Tokens of one text: the longest context of the models that a browser runs. */
const maxTokens = 131_072;
/** Candidates of one step: as many as any server gives, and more than the page lists. */
const maxTop = 100;
/** Characters of a token's label or a name. */
const maxLabel = 1_000;

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
const strategies: readonly Strategy['kind'][] = [
  'sample',
  'greedy',
  'beam',
  'best-of-n',
  'majority-vote',
  'first-valid',
];

const text = v.pipe(v.string(), v.maxLength(maxLabel));
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
const size = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const logprob = v.pipe(v.number(), v.finite());

const candidate = v.object({
  id: index,
  label: text,
  rawLogprob: logprob,
  finalLogprob: v.nullable(logprob),
});

const token = v.object({
  id: index,
  text,
  label: text,
  kind: v.picklist(kinds),
  rawLogprob: v.nullable(logprob),
  finalLogprob: v.nullable(logprob),
  rank: v.nullable(index),
  entropy: v.nullable(logprob),
  finalEntropy: v.nullable(logprob),
  kept: v.nullable(index),
  top: v.pipe(v.array(candidate), v.maxLength(maxTop), v.readonly()),
});

const line = v.object({
  name: text,
  lane: index,
  parent: v.nullable(index),
  forkedAt: v.nullable(index),
  params: paramsSchema,
  stream: index,
  byHand: v.pipe(v.array(index), v.maxLength(maxTokens), v.readonly()),
  promptLength: index,
  visible: size,
  reason: v.picklist(reasons),
  tokens: v.pipe(v.array(token), v.maxLength(maxTokens), v.readonly()),
});

const record = {
  model: v.object({
    name: text,
    fileSize: size,
    vocabularySize: size,
    sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  }),
  engine: v.object({ kind: v.picklist(engines), adapter: text }),
  strategy: v.picklist(strategies),
  lines: v.pipe(v.array(line), v.minLength(1), v.maxLength(maxLines), v.readonly()),
  current: index,
  selected: v.nullable(index),
};

/** Indices that point nowhere would break the page later, far from their cause. */
function hangsTogether({ lines, current, selected }: RunRecord): boolean {
  const onView = lines[current];
  return (
    onView !== undefined &&
    (selected === null || selected <= onView.tokens.length) &&
    lines.every(
      ({ parent, forkedAt, promptLength, tokens, byHand }, at) =>
        (parent === null || parent < at) &&
        (forkedAt === null || forkedAt <= tokens.length) &&
        promptLength <= tokens.length &&
        byHand.every((output) => output < tokens.length - promptLength),
    )
  );
}

export const recordSchema: v.GenericSchema<unknown, RunRecord> = v.pipe(
  v.object(record),
  v.check(hangsTogether, 'its parts do not fit together'),
);

export const documentSchema: v.GenericSchema<unknown, RunDocument> = v.pipe(
  v.object({
    ...record,
    format: v.literal(documentFormat),
    version: v.literal(documentVersion),
    title: text,
    savedAt: v.pipe(v.string(), v.maxLength(40)),
    settings: settingsSchema,
    checksum: v.string(),
  }),
  v.check((document) => hangsTogether(document), 'its parts do not fit together'),
  v.check(({ lines, checksum }) => tokenChecksum(lines) === checksum, 'its checksum does not fit its tokens'),
);
