import type { TokenId } from '../contract.ts';
import type { TextEncoding } from './text_encoding.ts';
import type { Vocabulary } from './vocabulary.ts';

const NO_BYTES = new Uint8Array(0);

/** The bytes of a token's text: none for control, unknown and unused tokens, and none for an id that does not exist. */
export function tokenBytes(token: TokenId, { texts, kinds }: Vocabulary, encoding: TextEncoding): Uint8Array {
  const text = texts[token];
  if (text === undefined) return NO_BYTES;
  switch (kinds[token]) {
    case 'normal':
      return encoding.bytes(text);
    case 'user-defined':
      return new TextEncoder().encode(text);
    case 'byte': {
      const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1];
      return byte === undefined ? NO_BYTES : Uint8Array.of(parseInt(byte, 16));
    }
    default:
      return NO_BYTES;
  }
}
