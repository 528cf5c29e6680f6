/** Unpacks a link's record and checks it before it is shown. */
import * as v from 'valibot';
import { firstParams } from '../../sampling/parameter_table.ts';
import { maxInflatedBytes } from '../limits.ts';
import type { Settings } from '../settings.ts';
import { packBytes, PackedTextError, unpackBytes } from './deflate.ts';
import { settingsChecksum } from './checksum.ts';
import { fromBytes, toBytes } from './columns.ts';
import type { DocumentCandidate, DocumentLine, DocumentToken, RunRecord } from './document.ts';
import { recordSchema } from './document.ts';
import { recordedNumbers } from './document_line.ts';
import { pack, packedNumber } from './pack.ts';
import { packedSchema, type Packed, type PackedLine } from './packed.ts';

/** Tokens of all lines of a link, counting shared ones each time. Each becomes an object, and unpacking may take 100 ms. */
const maxUnpackedTokens = 20_000;

/**
 * @param depth candidates kept of each step
 * @param settings that stand beside it in the link
 */
export function packRecord(record: RunRecord, depth: number, settings: Settings): Promise<string> {
  return packBytes(toBytes(pack(record, depth), settingsChecksum(settings)));
}

export interface LinkedRecord {
  readonly record: RunRecord;
  /** Checksum of the settings that it was sent with. */
  readonly settings: number;
}

/** @throws PackedTextError with the reason, as the end of a sentence */
export async function unpackRecord(packed: string): Promise<LinkedRecord> {
  const { json, settings } = fromBytes(await unpackBytes(packed, maxInflatedBytes));
  const shape = v.safeParse(packedSchema, json, { abortEarly: true });
  if (!shape.success) throw new PackedTextError(shape.issues[0].message);
  const record = v.safeParse(recordSchema, unpack(shape.output), { abortEarly: true });
  if (!record.success) throw new PackedTextError(record.issues[0].message);
  return { record: record.output, settings };
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
    ? { ...packed.comparison, params: { ...firstParams(), ...packed.comparison.params } }
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
      ...recordedNumbers((name) => packedNumber(line, name, index)),
      top: candidates,
    };
  });
  return {
    name,
    lane,
    parent: line.fork?.[0] ?? null,
    forkedAt: line.fork?.[1] ?? null,
    params: { ...firstParams(), ...line.params },
    drawn: (line.drawn ?? []).map((part) => ({ ...part, params: { ...firstParams(), ...part.params } })),
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
    const distance = top.final[at] ?? null;
    candidates.push({
      id: packed.ids[top.words[at]!]!,
      label: packed.labels[top.words[at]!]!,
      rawLogprob: raw / 1000,
      finalLogprob: distance === null ? null : (raw + distance) / 1000,
    });
  }
  return candidates;
}
