/**
 * Masks of the tokens that keep a text valid UTF-8. XGrammar lets a negated class match any lead byte and any continuation byte, so
 * tokens that are parts of characters could write an overlong form or a surrogate (RFC 3629, section 4).
 */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';

/** The bytes that may come next, from the table of RFC 3629: first and last byte, and the state after it. */
const transitions: readonly (readonly (readonly [first: number, last: number, next: number])[])[] = [
  [
    [0x01, 0x7f, 0],
    [0xc2, 0xdf, 1],
    [0xe0, 0xe0, 4],
    [0xe1, 0xec, 2],
    [0xed, 0xed, 5],
    [0xee, 0xef, 2],
    [0xf0, 0xf0, 6],
    [0xf1, 0xf3, 3],
    [0xf4, 0xf4, 7],
  ],
  [[0x80, 0xbf, 0]],
  [[0x80, 0xbf, 1]],
  [[0x80, 0xbf, 2]],
  [[0xa0, 0xbf, 1]],
  [[0x80, 0x9f, 1]],
  [[0x90, 0xbf, 2]],
  [[0x80, 0x8f, 2]],
];

/** The state between two characters. */
export const betweenCharacters = 0;

function nextState(state: number, bytes: Uint8Array): number | null {
  let at = state;
  for (const byte of bytes) {
    const step = transitions[at]!.find(([first, last]) => byte >= first && byte <= last);
    if (!step) return null;
    at = step[2];
  }
  return at;
}

export class Utf8Masks {
  readonly #masks: (Int32Array | undefined)[] = [];

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The state after a token; null if the text is no longer valid. Control tokens add no text. */
  after(state: number, token: TokenId): number | null {
    const { tokenizer } = this;
    const silent = tokenizer.kind(token) === 'control' || tokenizer.endOfGeneration.has(token);
    return silent ? state : nextState(state, tokenizer.bytes(token));
  }

  /** Bits by token id; end-of-generation tokens are allowed only between two characters. */
  mask(state: number): Int32Array {
    return (this.#masks[state] ??= this.#make(state));
  }

  #make(state: number): Int32Array {
    const { tokenizer } = this;
    const { vocabularySize, endOfGeneration } = tokenizer;
    const mask = new Int32Array(Math.ceil(vocabularySize / 32));
    for (let token = 0; token < vocabularySize; token++) {
      const good = endOfGeneration.has(token)
        ? state === betweenCharacters
        : nextState(state, tokenizer.bytes(token)) !== null;
      if (good) mask[token >>> 5]! |= 1 << (token & 31);
    }
    return mask;
  }
}
