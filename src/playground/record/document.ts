/**
 * A record: texts with their numbers, and what is needed to run them again. The page keeps it, saves it as JSON and packs it into
 * links. Its types derive from the schema that files from outside must fit; docs/links-and-files.md describes the JSON for other
 * programs. Logprobs and entropies are in nats; null where a position has none.
 */
import * as v from 'valibot';
import type { StopReason } from '../../decoding/events.ts';
import type { EngineKind, TokenKind } from '../../engines/contract.ts';
import { paramsSchema, settingsSchema } from '../settings_schema.ts';
import { eachNumber, tokenNumbers } from '../texts/token_numbers.ts';
import { index, list, logprob, maxTexts, maxTokens, maxTop, name, size, tokenText } from './bounds.ts';
import { documentChecksum } from './checksum.ts';
import { comparisonFits, comparisonSchema, strategyKinds } from './comparison_schema.ts';

export const documentFormat = 'logitscope-run';
export const documentVersion = 2;

/** Times that a text was continued with other parameters. */
export const maxDrawn = 10_000;

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

const candidate = v.object({
  id: index,
  label: tokenText,
  /** Before every stage. */
  rawLogprob: logprob,
  /** After the whole chain; null if the chain removed the candidate. If `kept` is null, the value is unknown. */
  finalLogprob: v.nullable(logprob),
});

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const numbers = eachNumber((name) =>
  v.nullable({ nats: logprob, whole: index, share }[tokenNumbers[name].unit]),
);

export const tokenSchema = v.object({
  id: index,
  /** Text that this token completed to whole UTF-8. The texts of all tokens together are the text. */
  text: tokenText,
  /** The token's own bytes, as the page shows them. */
  label: tokenText,
  kind: v.picklist(kinds),
  ...numbers,
  /** Absent where no grammar applied. */
  masked: v.exactOptional(numbers.masked),
  /** The most likely raw candidates of this step, best first. */
  top: list(candidate, maxTop),
});

export const drawnSchema = v.object({
  from: index,
  params: paramsSchema,
  strategy: v.picklist(strategyKinds),
});

export const textSchema = v.object({
  name,
  lane: index,
  /** Index of the text that it branched from, always an earlier one; null if it did not branch. */
  parent: v.nullable(index),
  /** Position of the first token that is not the parent's. */
  forkedAt: v.nullable(index),
  /** Of the newest tokens. */
  params: paramsSchema,
  /** What drew the tokens, by position; empty if it was `params` and the record's strategy throughout. */
  drawn: list(drawnSchema, maxDrawn),
  stream: index,
  /** Output indices whose token was chosen by hand. */
  byHand: list(index, maxTokens),
  promptLength: index,
  /** UTF-16 units of output that are shown. A stop sequence may follow. */
  visible: size,
  reason: v.picklist(reasons),
  /** Prompt and output. */
  tokens: list(tokenSchema, maxTokens),
});

export const recordParts = {
  model: v.object({
    name,
    /** Bytes. */
    fileSize: size,
    vocabularySize: size,
    /** Of the file, in hexadecimal; null if it is unknown. */
    sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  }),
  engine: v.object({ kind: v.picklist(engines), adapter: name, numerics: v.exactOptional(name) }),
  strategy: v.picklist(strategyKinds),
  /** The texts. Existing files and links call them lines. */
  lines: v.pipe(v.array(textSchema), v.minLength(1), v.maxLength(maxTexts), v.readonly()),
  /** Null for texts that were run one by one. */
  comparison: v.nullable(comparisonSchema),
  /** Index of the text on view. */
  current: index,
  /** The selected position. */
  selected: v.nullable(index),
};
const plainRecord = v.object(recordParts);

/** A record with the settings that it was run with, as the browser keeps it. */
const plainKept = v.object({
  ...recordParts,
  format: v.literal(documentFormat),
  version: v.literal(documentVersion),
  title: name,
  /** ISO 8601. */
  savedAt: v.pipe(v.string(), v.maxLength(40)),
  settings: settingsSchema,
});

/** The same as a file. `checksum` covers everything else (`checksum.ts`). */
const plainDocument = v.object({ ...plainKept.entries, checksum: v.string() });

export type DocumentCandidate = v.InferOutput<typeof candidate>;
export type DocumentToken = v.InferOutput<typeof tokenSchema>;
export type DocumentText = v.InferOutput<typeof textSchema>;
export type RunRecord = v.InferOutput<typeof plainRecord>;
export type KeptDocument = v.InferOutput<typeof plainKept>;
export type RunDocument = v.InferOutput<typeof plainDocument>;

/** Checks indices here, because a wrong one would break the page later, far from its cause. */
function hangsTogether({ lines, comparison, current, selected }: RunRecord): boolean {
  const onView = lines[current];
  const lengths = lines.map(({ promptLength }) => promptLength);
  return (
    onView !== undefined &&
    (comparison === null || comparisonFits(comparison, lengths)) &&
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

const consistent = <T extends RunRecord>() =>
  v.check<T, string>(hangsTogether, 'its parts do not fit together');

export const recordSchema = v.pipe(plainRecord, consistent<RunRecord>());
export const keptSchema = v.pipe(plainKept, consistent<KeptDocument>());
export const documentSchema = v.pipe(
  plainDocument,
  consistent<RunDocument>(),
  v.check(
    ({ checksum, ...content }) => checksum === documentChecksum(content),
    'its checksum does not fit its content',
  ),
);
