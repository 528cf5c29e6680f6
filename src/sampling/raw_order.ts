/** All tokens in order of their raw logits, for whoever looks at a whole step: by counting digits, without comparing. */

const DIGIT_BITS = 11;
const RADIX = 1 << DIGIT_BITS;
const DIGITS = 3;

/** One instance is made per vocabulary size and used for every step. */
export class RawOrder {
  readonly #digits = new Uint32Array(RADIX * DIGITS);
  /** By token id: the logit's bits, so that they ascend where the logits descend. */
  readonly #keys: Uint32Array<ArrayBuffer>;
  readonly #ids: Uint32Array<ArrayBuffer>;
  readonly #other: Uint32Array<ArrayBuffer>;

  constructor(vocabularySize: number) {
    this.#keys = new Uint32Array(vocabularySize);
    this.#ids = new Uint32Array(vocabularySize);
    this.#other = new Uint32Array(vocabularySize);
  }

  /**
   * @param logits [vocabulary], none NaN
   * @returns token ids [vocabulary], the likeliest first, ties by id; valid until the next call
   */
  order(logits: Float32Array): Uint32Array {
    const keys = this.#keys;
    this.#count(new Uint32Array(logits.buffer, logits.byteOffset, logits.length));
    const digits = this.#digits;
    const ids = this.#ids;
    const other = this.#other;
    const size = logits.length;
    // Least significant digit first; equal digits keep the order in which they come.
    for (let id = 0; id < size; id++) ids[digits[keys[id]! & (RADIX - 1)]!++] = id;
    for (let i = 0; i < size; i++) {
      const id = ids[i]!;
      other[digits[RADIX + ((keys[id]! >>> DIGIT_BITS) & (RADIX - 1))]!++] = id;
    }
    for (let i = 0; i < size; i++) {
      const id = other[i]!;
      ids[digits[2 * RADIX + (keys[id]! >>> (2 * DIGIT_BITS))]!++] = id;
    }
    return ids;
  }

  /** Makes the keys, and of each digit the place where its ids begin. */
  #count(words: Uint32Array): void {
    const keys = this.#keys;
    const digits = this.#digits.fill(0);
    for (let id = 0; id < words.length; id++) {
      let key = words[id]!;
      // −0 equals 0. A positive number's bits ascend with it, a negative one's descend.
      if (key === 0x80000000) key = 0;
      if (key >>> 31 === 0) key ^= 0x7fffffff;
      keys[id] = key;
      digits[key & (RADIX - 1)]!++;
      digits[RADIX + ((key >>> DIGIT_BITS) & (RADIX - 1))]!++;
      digits[2 * RADIX + (key >>> (2 * DIGIT_BITS))]!++;
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      let sum = 0;
      for (let at = digit * RADIX; at < (digit + 1) * RADIX; at++) {
        const count = digits[at]!;
        digits[at] = sum;
        sum += count;
      }
    }
  }
}
