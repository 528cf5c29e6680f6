import type { StreamDecoder, TokenId } from '../contract.ts';

/** UTF-8 to text; what is not UTF-8 becomes U+FFFD, and a byte order mark stays. */
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

const SPACE = 0x20;

/** Where a stream is. Only a BOS at the very beginning shows that the beginning of a text follows. */
type Place = 'start' | 'after BOS' | 'within';

/**
 * Joins the bytes of tokens and returns whole characters. It holds back at most three bytes: a character that is still
 * incomplete.
 */
export class Utf8StreamDecoder implements StreamDecoder {
  readonly #bytesOf: (token: TokenId) => Uint8Array;
  readonly #spaceAfter: TokenId | null;
  #waiting: Uint8Array = new Uint8Array(0);
  #place: Place = 'start';

  /**
   * @param spaceAfter the BOS after which the encoder added a space that must be removed; null if it adds none. Without
   *   BOS the tokens may be any stretch of a text, and a space at the beginning is part of the text.
   */
  constructor(bytesOf: (token: TokenId) => Uint8Array, spaceAfter: TokenId | null) {
    this.#bytesOf = bytesOf;
    this.#spaceAfter = spaceAfter;
  }

  push(token: TokenId): string {
    const text = this.#textBytes(token);
    const bytes = this.#waiting.length === 0 ? text : Uint8Array.from([...this.#waiting, ...text]);
    const whole = bytes.length - unfinished(bytes);
    this.#waiting = bytes.subarray(whole);
    return UTF8.decode(bytes.subarray(0, whole));
  }

  end(): string {
    const rest = UTF8.decode(this.#waiting);
    this.#waiting = new Uint8Array(0);
    return rest;
  }

  clone(): StreamDecoder {
    const copy = new Utf8StreamDecoder(this.#bytesOf, this.#spaceAfter);
    copy.#waiting = this.#waiting;
    copy.#place = this.#place;
    return copy;
  }

  #textBytes(token: TokenId): Uint8Array {
    const bytes = this.#bytesOf(token);
    const place = this.#place;
    this.#place = place === 'start' && token === this.#spaceAfter ? 'after BOS' : 'within';
    return place === 'after BOS' && bytes[0] === SPACE ? bytes.subarray(1) : bytes;
  }
}

/** Number of bytes at the end that begin a character which may still be completed. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return byte < 0xf8 && length > back ? back : 0;
    }
  }
  return 0;
}
