/**
 * The bytes of a packed record before deflate. Text is JSON. The columns of numbers follow by byte plane: all low bytes of a column,
 * then all high ones. Deflate makes them a quarter shorter than digits.
 *
 *   3 | CRC-32 of what follows | CRC-32 of the settings | JSON's length | JSON, UTF-8 | column … column
 *
 * Checksums and the length have 4 bytes each, little-endian.
 *
 * A column spans all texts of the record. It has the number of its byte planes, then the planes. 0 is null; v ≥ 0 is 2v + 1 and
 * v < 0 is −2v. In the JSON each text has its length of the column in place of the column. `masked` is rare and stays in the JSON.
 */
import { joined, PackedTextError } from './deflate.ts';
import { numberNames, tokenNumbers } from '../texts/token_numbers.ts';
import { crc32 } from './checksum.ts';
import { jsonOf } from './json.ts';
import type { Packed, Values } from './packed.ts';

const version = 3;
/** Where the checked part begins: after the version and its checksum. */
const checkedFrom = 5;
const headerBytes = 13;
/** Room for numbers below 2^47. Token ids of 32 bits and thousandths of a nat are far smaller. */
const maxPlanes = 6;

type Json = Record<string, unknown>;

interface Column {
  readonly of: (line: Json) => Json;
  readonly name: string;
}

const itself = (line: Json): Json => line;
const top = (line: Json): Json => line['top'] as Json;

const numbers = numberNames.map((name) => tokenNumbers[name].packed).filter((name) => name !== 'masked');
const columns: readonly Column[] = [
  ...['words', ...numbers, 'counts'].map((name): Column => ({ of: itself, name })),
  ...['words', 'raw', 'final'].map((name): Column => ({ of: top, name })),
];

/** @param settings checksum of the settings beside the record */
export function toBytes(packed: Packed, settings: number): Uint8Array<ArrayBuffer> {
  const lines = packed.lines.map((line): Json => ({ ...line, top: { ...line.top } }));
  const parts = columns.map(({ of, name }) => {
    const values = lines.map((line) => of(line)[name] as Values);
    lines.forEach((line, index) => (of(line)[name] = values[index]!.length));
    return planes(values.flat());
  });
  const ids = planes(packed.ids);
  const json = new TextEncoder().encode(jsonOf({ ...packed, ids: packed.ids.length, lines }));
  const header = new Uint8Array(headerBytes);
  header[0] = version;
  const bytes = joined([header, json, ...parts, ids]);
  const view = new DataView(bytes.buffer);
  view.setUint32(checkedFrom, settings, true);
  view.setUint32(headerBytes - 4, json.length, true);
  view.setUint32(1, crc32(bytes.subarray(checkedFrom)), true);
  return bytes;
}

export interface Unpacked {
  /** What `pack` gave, not yet checked. */
  readonly json: unknown;
  /** Checksum of the settings beside the record. */
  readonly settings: number;
}

/** @throws PackedTextError if bytes are missing or were changed */
export function fromBytes(bytes: Uint8Array): Unpacked {
  if (bytes[0] !== version) throw new PackedTextError('it is not a record of this version');
  if (bytes.length < headerBytes) throw new PackedTextError('it is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (crc32(bytes.subarray(checkedFrom)) !== view.getUint32(1, true)) {
    throw new PackedTextError('its checksum does not fit its content');
  }
  const end = headerBytes + view.getUint32(headerBytes - 4, true);
  const json = parsed(bytes.subarray(headerBytes, end));
  const lines = isObject(json) ? json['lines'] : null;
  if (!isObject(json) || !Array.isArray(lines))
    throw new PackedTextError('it is not a record of this version');
  const reader = new PlaneReader(bytes, end);
  for (const { of, name } of columns) {
    const homes = lines.map((line: unknown) => (isObject(line) && isObject(line['top']) ? of(line) : {}));
    const values = reader.read(homes.reduce((sum, home) => sum + sizeOf(home[name]), 0));
    let from = 0;
    for (const home of homes) home[name] = values.slice(from, (from += sizeOf(home[name])));
  }
  json['ids'] = reader.read(sizeOf(json['ids']));
  return { json, settings: view.getUint32(checkedFrom, true) };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PackedTextError('it is no JSON', { cause });
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sizeOf(length: unknown): number {
  if (!Number.isSafeInteger(length) || (length as number) < 0)
    throw new PackedTextError('a column has no length');
  return length as number;
}

function planes(values: Values): Uint8Array {
  const codes = values.map((value) => (value === null ? 0 : value < 0 ? -2 * value : 2 * value + 1));
  const most = codes.reduce((max, code) => Math.max(max, code), 0);
  let count = 1;
  while (count < maxPlanes && most >= 256 ** count) count++;
  if (!(most < 256 ** count)) throw new RangeError(`A record holds ${most}, more than a link has room for.`);
  const bytes = new Uint8Array(1 + count * codes.length);
  bytes[0] = count;
  codes.forEach((code, index) => {
    for (let plane = 0; plane < count; plane++) {
      bytes[1 + plane * codes.length + index] = Math.floor(code / 256 ** plane) % 256;
    }
  });
  return bytes;
}

class PlaneReader {
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {}

  /** @throws PackedTextError if there are fewer numbers */
  read(length: number): (number | null)[] {
    const count = this.bytes[this.at] ?? 0;
    const from = this.at + 1;
    this.at = from + count * length;
    if (count < 1 || count > maxPlanes || this.at > this.bytes.length)
      throw new PackedTextError('it is cut off');
    return Array.from({ length }, (_, index) => {
      let code = 0;
      for (let plane = count - 1; plane >= 0; plane--) {
        code = code * 256 + this.bytes[from + plane * length + index]!;
      }
      if (code === 0) return null;
      return code % 2 === 0 ? -code / 2 : (code - 1) / 2;
    });
  }
}
