import { EngineError } from '../contract.ts';
import { MAX_ARRAY_LENGTH, MAX_STRING_BYTES } from './header_bounds.ts';
import type { HeaderCursor } from './header_cursor.ts';
import type { MetadataValue } from './metadata.ts';

/** Numbers of some value types in a file. Source: ggml/docs/gguf.md, `gguf_metadata_value_type`. */
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

interface Scalar {
  readonly bytes: number;
  readonly read: (cursor: HeaderCursor) => number;
  /** Holds a list of such values in no more bytes than they take in the file. */
  readonly list: new (length: number) => { [index: number]: number; readonly length: number };
}

const NUMBERS: Readonly<Record<number, Scalar>> = {
  0: { bytes: 1, read: (cursor) => cursor.u8(), list: Uint8Array },
  1: { bytes: 1, read: (cursor) => cursor.i8(), list: Int8Array },
  2: { bytes: 2, read: (cursor) => cursor.u16(), list: Uint16Array },
  3: { bytes: 2, read: (cursor) => cursor.i16(), list: Int16Array },
  4: { bytes: 4, read: (cursor) => cursor.u32(), list: Uint32Array },
  5: { bytes: 4, read: (cursor) => cursor.i32(), list: Int32Array },
  6: { bytes: 4, read: (cursor) => cursor.f32(), list: Float32Array },
  // Used only for lists; no model has a list of booleans.
  [BOOL]: { bytes: 1, read: (cursor) => Number(cursor.u8() !== 0), list: Uint8Array },
  10: { bytes: 8, read: (cursor) => cursor.u64(), list: Float64Array },
  11: { bytes: 8, read: (cursor) => cursor.i64(), list: Float64Array },
  12: { bytes: 8, read: (cursor) => cursor.f64(), list: Float64Array },
};

/** Reads one value: its type, then the value. @throws EngineError `bad-file` */
export async function readMetadataValue(
  cursor: HeaderCursor,
  file: string,
  key: string,
): Promise<MetadataValue> {
  const what = `the value of "${key.slice(0, 80)}"`;
  await cursor.ensure(4, what);
  const type = cursor.u32();
  if (type === ARRAY) return readArray(cursor, file, what);
  if (type === STRING) return readText(cursor, MAX_STRING_BYTES, file, what);
  if (type === BOOL) {
    await cursor.ensure(1, what);
    return cursor.u8() !== 0;
  }
  const scalar = NUMBERS[type];
  if (!scalar) throw unknownType(file, what, type);
  await cursor.ensure(scalar.bytes, what);
  return scalar.read(cursor);
}

/** Reads a 64-bit length and that many bytes of UTF-8. @throws EngineError `bad-file` above `bound` bytes */
export async function readText(
  cursor: HeaderCursor,
  bound: number,
  file: string,
  what: string,
): Promise<string> {
  if (!cursor.has(8)) await cursor.ensure(8, what);
  const length = cursor.u64();
  checkTextLength(length, bound, file, what);
  if (!cursor.has(length)) await cursor.ensure(length, what);
  return cursor.text(length);
}

async function readArray(cursor: HeaderCursor, file: string, what: string): Promise<MetadataValue> {
  await cursor.ensure(12, what);
  const type = cursor.u32();
  const length = cursor.u64();
  if (type === ARRAY) {
    throw new EngineError('bad-file', `${file}: ${what} is a list of lists, which no model file has.`);
  }
  const scalar = NUMBERS[type];
  if (!scalar && type !== STRING) throw unknownType(file, what, type);
  // A string takes at least the eight bytes of its length.
  const smallest = scalar?.bytes ?? 8;
  if (length > MAX_ARRAY_LENGTH || length * smallest > cursor.remaining) {
    throw new EngineError(
      'bad-file',
      `${file}: ${what} claims ${length} entries, more than ${length > MAX_ARRAY_LENGTH ? `the ${MAX_ARRAY_LENGTH} that a model may have` : 'the file has room for'}; the file is damaged or incomplete.`,
    );
  }
  if (!scalar) return readStrings(cursor, length, file, what);
  const numbers = new scalar.list(length);
  for (let i = 0; i < length; i++) {
    if (!cursor.has(scalar.bytes)) await cursor.ensure(scalar.bytes, what);
    numbers[i] = scalar.read(cursor);
  }
  return numbers;
}

/** As `readText` in a loop, but without a promise per entry. */
async function readStrings(
  cursor: HeaderCursor,
  count: number,
  file: string,
  what: string,
): Promise<string[]> {
  const strings: string[] = [];
  for (let i = 0; i < count; i++) {
    if (!cursor.has(8)) await cursor.ensure(8, what);
    const length = cursor.u64();
    checkTextLength(length, MAX_STRING_BYTES, file, what);
    if (!cursor.has(length)) await cursor.ensure(length, what);
    strings.push(cursor.text(length));
  }
  return strings;
}

function checkTextLength(length: number, bound: number, file: string, what: string): void {
  if (length <= bound) return;
  throw new EngineError(
    'bad-file',
    `${file}: ${what} claims a text of ${length} bytes, more than the ${bound} allowed there; the file is damaged.`,
  );
}

function unknownType(file: string, what: string, type: number): EngineError {
  return new EngineError(
    'bad-file',
    `${file}: ${what} has the unknown type ${type}; the file is damaged or newer than this reader.`,
  );
}
