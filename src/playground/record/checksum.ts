/** CRC-32 (RFC 1952 §8) over what would make a record another one: which tokens stand where. */
import type { DocumentLine } from './document.ts';

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

/** Each line's prompt length, token count and token ids as little-endian 32-bit numbers; eight hexadecimal digits. */
export function tokenChecksum(lines: readonly Pick<DocumentLine, 'promptLength' | 'tokens'>[]): string {
  const words = lines.flatMap(({ promptLength, tokens }) => [
    promptLength,
    tokens.length,
    ...tokens.map(({ id }) => id),
  ]);
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint32(index * 4, word, true));
  return crc32(bytes).toString(16).padStart(8, '0');
}
