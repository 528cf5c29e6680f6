/**
 * CRC-32 (RFC 1952 §8) over a record and its settings. It tells a record that was damaged, or changed without care. Whoever changes
 * one with care writes a new checksum: only a replay tells what is true (`replay.ts`).
 */
import { isLaterDefault, type Settings } from '../settings.ts';

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

/** Of a run document, eight hexadecimal digits; one that it has already is no part of it. */
export function documentChecksum(document: object): string {
  return checksumOf({ ...document, checksum: undefined })
    .toString(16)
    .padStart(8, '0');
}

/** Of everything in `value`, by its JSON with sorted keys and without spaces; a ban's −∞ is "ban". */
function checksumOf(value: unknown): number {
  const keys = new Set<string>();
  // A list of keys puts every object's keys in its order, at the speed of the browser's own JSON.
  const text = collectKeys(value, keys) ? JSON.stringify(value, [...keys].sort()) : canonicalJson(value);
  return crc32(new TextEncoder().encode(text));
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

/** Of the settings that stand beside a record in a link. How they are looked at is no part of the evidence. */
export function settingsChecksum({ view: _, ...settings }: Settings): number {
  return checksumOf(settings);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null)
    return JSON.stringify(value === -Infinity ? 'ban' : (value ?? null));
  const entries = Object.entries(value).filter(
    ([key, item]) => item !== undefined && !isLaterDefault(key, item),
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join()}}`;
}
