/** A link's record, checked before it is believed. */
import * as v from 'valibot';
import { defaultParams } from '../../sampling/parameter_table.ts';
import { maxInflatedBytes } from '../link/limits.ts';
import { packBytes, PackedTextError, unpackBytes } from '../link/deflate.ts';
import { tokenChecksum } from './checksum.ts';
import { fromBytes, toBytes } from './columns.ts';
import type { DocumentCandidate, DocumentLine, DocumentToken, RunRecord } from './document.ts';
import { maxDrawn, maxLines, recordSchema } from './document_schema.ts';
import { finalOffset, pack, packVersion, type Packed, type PackedLine } from './pack.ts';

/** Tokens of all lines of a link, shared ones counted again: each becomes an object, and 100 ms are soon gone. */
const maxUnpackedTokens = 20_000;

const whole = v.pipe(v.number(), v.integer());
const column = v.array(v.nullable(whole));

const packedLine = v.looseObject({
  fork: v.optional(v.tuple([whole, whole])),
  byHand: v.optional(v.array(whole)),
  stream: v.optional(whole),
  params: v.looseObject({}),
  drawn: v.optional(v.pipe(v.array(v.looseObject({ params: v.looseObject({}) })), v.maxLength(maxDrawn))),
  share: v.nullable(v.tuple([whole, whole])),
  words: v.array(whole),
  texts: v.array(v.tuple([whole, v.string()])),
  raw: column,
  final: column,
  rank: column,
  entropy: column,
  finalEntropy: column,
  kept: column,
  masked: v.optional(column),
  counts: v.array(v.pipe(whole, v.minValue(0))),
  top: v.object({ words: v.array(whole), raw: v.array(whole), final: v.array(whole) }),
});

/** The columns' shapes; what they come to is held against `recordSchema` afterwards. */
const packedSchema = v.looseObject({
  pack: v.literal(packVersion),
  ids: v.array(whole),
  labels: v.array(v.string()),
  kinds: v.array(v.tuple([whole, v.string()])),
  lines: v.pipe(v.array(packedLine), v.maxLength(maxLines)),
  comparison: v.optional(v.looseObject({ params: v.looseObject({}) })),
  checksum: v.string(),
}) as unknown as v.GenericSchema<unknown, Packed>;

/** @param depth candidates kept of each step */
export function packRecord(record: RunRecord, depth: number): Promise<string> {
  return packBytes(toBytes(pack(record, depth)));
}

/** @throws PackedTextError with the reason, as the end of a sentence */
export async function unpackRecord(packed: string): Promise<RunRecord> {
  const json = fromBytes(await unpackBytes(packed, maxInflatedBytes));
  const shape = v.safeParse(packedSchema, json, { abortEarly: true });
  if (!shape.success) throw new PackedTextError('it is no recording of this version');
  const record = v.safeParse(recordSchema, unpack(shape.output), { abortEarly: true });
  if (!record.success) throw new PackedTextError(record.issues[0].message);
  if (tokenChecksum(record.output.lines) !== shape.output.checksum) {
    throw new PackedTextError('its checksum does not fit its tokens');
  }
  return record.output;
}

function unpack(packed: Packed): RunRecord {
  const kinds = new Map(packed.kinds);
  const lines: DocumentLine[] = [];
  let total = 0;
  for (const line of packed.lines) {
    const shared = line.share ? (lines[line.share[0]]?.tokens.slice(0, line.share[1]) ?? []) : [];
    total += shared.length + line.words.length;
    if (total > maxUnpackedTokens) throw new PackedTextError(`it has more than ${maxUnpackedTokens} tokens`);
    lines.push(unpackedLine(line, shared, packed, kinds));
  }
  const { model, engine, strategy, current, selected } = packed;
  const comparison = packed.comparison
    ? { ...packed.comparison, params: { ...defaultParams(), ...packed.comparison.params } }
    : null;
  return { model, engine, strategy, lines, comparison, current, selected };
}

function unpackedLine(
  line: PackedLine,
  shared: readonly DocumentToken[],
  packed: Packed,
  kinds: ReadonlyMap<number, DocumentToken['kind']>,
): DocumentLine {
  const { name, lane, promptLength, visible, reason, words, top } = line;
  const texts = new Map(line.texts);
  const nats = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : value / 1000;
  let at = 0;
  const own = words.map((word, index): DocumentToken => {
    const count = line.counts[index] ?? 0;
    const candidates = topOf(packed, top, at, Math.min(at + count, top.words.length));
    at += count;
    return {
      id: packed.ids[word]!,
      text: texts.get(index) ?? packed.labels[word]!,
      label: packed.labels[word]!,
      kind: kinds.get(word) ?? 'normal',
      rawLogprob: nats(line.raw[index]),
      finalLogprob: nats(line.final[index]),
      rank: line.rank[index] ?? null,
      entropy: nats(line.entropy[index]),
      finalEntropy: nats(line.finalEntropy[index]),
      kept: line.kept[index] ?? null,
      ...(typeof line.masked?.[index] === 'number' ? { masked: line.masked[index] / 1000 } : {}),
      top: candidates,
    };
  });
  return {
    name,
    lane,
    parent: line.fork?.[0] ?? null,
    forkedAt: line.fork?.[1] ?? null,
    params: { ...defaultParams(), ...line.params },
    drawn: (line.drawn ?? []).map((part) => ({ ...part, params: { ...defaultParams(), ...part.params } })),
    stream: line.stream ?? 0,
    byHand: line.byHand ?? [],
    promptLength,
    visible,
    reason,
    tokens: [...shared, ...own],
  };
}

function topOf(packed: Packed, top: PackedLine['top'], from: number, to: number): DocumentCandidate[] {
  const candidates: DocumentCandidate[] = [];
  let raw = 0;
  for (let at = from; at < to; at++) {
    raw += top.raw[at] ?? 0;
    const distance = top.final[at] ?? -1;
    candidates.push({
      id: packed.ids[top.words[at]!]!,
      label: packed.labels[top.words[at]!]!,
      rawLogprob: raw / 1000,
      finalLogprob: distance < 0 ? null : (raw + distance - finalOffset) / 1000,
    });
  }
  return candidates;
}
