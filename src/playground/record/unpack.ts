/** Unpacks a link's record and checks it before it is shown. */
import * as v from 'valibot';
import { firstParams } from '../../sampling/parameter_table.ts';
import { maxInflatedBytes } from '../limits.ts';
import type { Settings } from '../settings.ts';
import { packBytes, PackedTextError, unpackBytes } from './deflate.ts';
import { settingsChecksum } from './checksum.ts';
import { fromBytes, toBytes } from './columns.ts';
import type { DocumentCandidate, DocumentText, DocumentToken, RunRecord } from './document.ts';
import { recordSchema } from './document.ts';
import { recordedNumbers } from './document_text.ts';
import { pack, packedNumber } from './pack.ts';
import { packedSchema, type Packed, type PackedText } from './packed.ts';

/** Tokens of all texts of a link, counting shared ones each time. Each becomes an object, and unpacking may take 100 ms. */
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
  const texts: DocumentText[] = [];
  let total = 0;
  for (const text of packed.lines) {
    const shared = text.share ? (texts[text.share[0]]?.tokens.slice(0, text.share[1]) ?? []) : [];
    total += shared.length + text.words.length;
    if (total > maxUnpackedTokens) throw new PackedTextError(`it has more than ${maxUnpackedTokens} tokens`);
    texts.push(unpackedText(text, shared, packed, kinds));
  }
  const { model, engine, strategy, current, selected } = packed;
  const comparison = packed.comparison
    ? { ...packed.comparison, params: { ...firstParams(), ...packed.comparison.params } }
    : null;
  return { model, engine, strategy, lines: texts, comparison, current, selected };
}

function unpackedText(
  text: PackedText,
  shared: readonly DocumentToken[],
  packed: Packed,
  kinds: ReadonlyMap<number, DocumentToken['kind']>,
): DocumentText {
  const { name, lane, promptLength, visible, reason, words, top } = text;
  const texts = new Map(text.texts);
  let at = 0;
  const own = words.map((word, index): DocumentToken => {
    const count = text.counts[index] ?? 0;
    const candidates = topOf(packed, top, at, Math.min(at + count, top.words.length));
    at += count;
    return {
      id: packed.ids[word]!,
      text: texts.get(index) ?? packed.labels[word]!,
      label: packed.labels[word]!,
      kind: kinds.get(word) ?? 'normal',
      ...recordedNumbers((name) => packedNumber(text, name, index)),
      top: candidates,
    };
  });
  return {
    name,
    lane,
    parent: text.fork?.[0] ?? null,
    forkedAt: text.fork?.[1] ?? null,
    params: { ...firstParams(), ...text.params },
    drawn: (text.drawn ?? []).map((part) => ({ ...part, params: { ...firstParams(), ...part.params } })),
    stream: text.stream ?? 0,
    byHand: text.byHand ?? [],
    promptLength,
    visible,
    reason,
    tokens: [...shared, ...own],
  };
}

function topOf(packed: Packed, top: PackedText['top'], from: number, to: number): DocumentCandidate[] {
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
