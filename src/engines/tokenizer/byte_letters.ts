/**
 * Byte-level BPE writes each byte as one printing letter, so that a vocabulary is text (Radford et al. 2019, GPT-2's
 * `bytes_to_unicode`): bytes that print in Latin-1 are written as themselves, the others as U+0100, U+0101 … in order.
 */
export const BYTE_LETTERS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  prints(byte) ? String.fromCodePoint(byte) : String.fromCodePoint(0x100 + countSilentBelow(byte)),
);

const BYTE_OF_LETTER: ReadonlyMap<string, number> = new Map(
  BYTE_LETTERS.map((letter, byte) => [letter, byte]),
);

/** The bytes of a token's letters. A letter that encodes no byte becomes its own UTF-8. */
export function bytesOfLetters(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const letter of text) {
    const byte = BYTE_OF_LETTER.get(letter);
    if (byte === undefined) bytes.push(...new TextEncoder().encode(letter));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

export function lettersOfBytes(bytes: Uint8Array): string {
  let letters = '';
  for (const byte of bytes) letters += BYTE_LETTERS[byte]!;
  return letters;
}

function prints(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}

function countSilentBelow(byte: number): number {
  let count = 0;
  for (let other = 0; other < byte; other++) if (!prints(other)) count++;
  return count;
}
