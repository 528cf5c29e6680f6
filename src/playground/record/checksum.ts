/**
 * CRC-32 (RFC 1952 §8) over a record and its settings. It shows that a record was damaged. It is not a signature: whoever changes a
 * record on purpose can write a new checksum, and only a replay finds that out (`replay.ts`).
 */
import { isLaterDefault, type Settings } from '../settings.ts';
import { jsonOf } from './json.ts';

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Of a run document, as eight hexadecimal digits. A checksum that the document already has does not count. */
export function documentChecksum(document: object): string {
  return checksumOf({ ...document, checksum: undefined })
    .toString(16)
    .padStart(8, '0');
}

/** Of everything in `value`. */
function checksumOf(value: unknown): number {
  return crc32(sortedJson(value));
}

/** The JSON of `value` with sorted keys and without spaces, in UTF-8; a ban's −∞ is "ban". */
export function sortedJson(value: unknown): Uint8Array {
  const keys = new Set<string>();
  if (!collectKeys(value, keys)) return sortedJson(JSON.parse(jsonOf(value)));
  // A list of keys puts every object's keys in its order, at the speed of the browser's own JSON.
  return new TextEncoder().encode(JSON.stringify(value, [...keys].sort()));
}

/** @returns false where there is a ban, which JSON itself would write as null */
function collectKeys(value: unknown, keys: Set<string>): boolean {
  if (typeof value !== 'object' || value === null) return value !== -Infinity;
  if (Array.isArray(value)) return value.every((item) => collectKeys(item, keys));
  for (const [key, item] of Object.entries(value)) {
    if (isLaterDefault(key, item)) continue;
    keys.add(key);
    if (!collectKeys(item, keys)) return false;
  }
  return true;
}

/** Of the settings beside a record in a link, without the view, which is not evidence. */
export function settingsChecksum({ view: _, ...settings }: Settings): number {
  return checksumOf(settings);
}
