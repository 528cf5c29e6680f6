/**
 * The order of raw logits (descending, ties by token id): the first few tokens, the token at a rank, the rank of a token. Nothing
 * more is sorted than a question needs: one sweep counts the vocabulary into bins by the upper bits of the logits, a second
 * takes out the bins that are needed, and only those are searched.
 */

/** A vocabulary of this size or more gets all bins; for a smaller one, walking so many would cost more than they save. */
const LARGE = 1 << 15;
const MOST_BINS = 1 << 16;
const MINUS_ZERO = -0x80000000;
/** Each token of a bin is kept as one number: the lower bits of its key, then its id. */
const ID_RANGE = 2 ** 32;

/** Where the next token of each bin goes; −1 for a bin that is not needed. */
const places = new Int32Array(MOST_BINS).fill(-1);
let pool = new Float64Array(4096);

/** Up to this many places of a bin are selected one by one; for more, the bin is sorted. */
const FEW = 3;

/** A bin whose tokens lie in `pool[from … to)`, in any order. */
interface Bin {
  /** How many tokens come before this bin's. */
  readonly before: number;
  readonly from: number;
  readonly to: number;
}

/** The order of one step's logits, which must not change while it is in use. */
export class Ranking {
  /** The logits' bits. */
  readonly #words: Int32Array;
  /** By bin: how many tokens come before its own; the last entry counts all tokens. */
  readonly #before: Uint32Array;
  /** How many lower bits of a key do not belong to its bin's number. */
  readonly #shift: number;

  /** @param logits [vocabulary], none NaN */
  constructor(logits: Float32Array) {
    this.#words = new Int32Array(logits.buffer, logits.byteOffset, logits.length);
    this.#shift = logits.length < LARGE ? 20 : 16;
    const bins = 2 ** (32 - this.#shift);
    this.#before = new Uint32Array(bins + 1);
    countBins(this.#words, this.#before, this.#shift);
    let sum = 0;
    for (let bin = 0; bin <= bins; bin++) {
      const count = this.#before[bin]!;
      this.#before[bin] = sum;
      sum += count;
    }
  }

  /** The `n` most likely tokens, best first; all if there are fewer. */
  top(n: number): Uint32Array<ArrayBuffer> {
    return this.at(Array.from({ length: Math.min(n, this.#words.length) }, (_, index) => index + 1));
  }

  /** @param ranks from 1 to the size of the vocabulary, ascending @returns the token at each */
  at(ranks: readonly number[]): Uint32Array<ArrayBuffer> {
    const bins: number[] = [];
    let bin = 0;
    for (const rank of ranks) {
      while (this.#before[bin + 1]! < rank) bin++;
      bins.push(bin);
    }
    const collected = this.#collect(bins);
    let sorted = -1;
    return Uint32Array.from(ranks, (rank, index) => {
      const { before, from, to } = collected.get(bins[index]!)!;
      const place = from + rank - before - 1;
      // Ranks ascend, so those of one bin follow each other.
      const bin = bins[index]!;
      if (bin !== sorted && bins[index + FEW] === bin) {
        sort(pool.subarray(from, to));
        sorted = bin;
      } else if (bin !== sorted) select(pool, from, to, place);
      return pool[place]! % ID_RANGE;
    });
  }

  /** @returns the rank of each token, 1 for the most likely */
  of(tokens: readonly number[]): number[] {
    const keys = tokens.map((token) => keyOf(this.#words[token]!));
    const collected = this.#collect(keys.map((key) => key >>> this.#shift));
    return tokens.map((token, index) => {
      const { before, from, to } = collected.get(keys[index]! >>> this.#shift)!;
      return before + countBelow(pool, from, to, packed(keys[index]!, token, this.#shift)) + 1;
    });
  }

  /** Collects the tokens of these bins in the pool, where they stay until the next call. */
  #collect(bins: readonly number[]): ReadonlyMap<number, Bin> {
    const collected = new Map<number, Bin>();
    let size = 0;
    for (const bin of bins) {
      if (collected.has(bin)) continue;
      const before = this.#before[bin]!;
      const from = size;
      size += this.#before[bin + 1]! - before;
      places[bin] = from;
      collected.set(bin, { before, from, to: size });
    }
    if (pool.length < size) pool = new Float64Array(2 * size);
    takeOut(this.#words, places, pool, this.#shift);
    for (const bin of collected.keys()) places[bin] = -1;
    return collected;
  }
}

/** Maps the bits of a logit to integers that ascend as logits descend; −0 equals 0. */
function keyOf(word: number): number {
  const bits = word === MINUS_ZERO ? 0 : word;
  // Bits ascend with a positive number and descend with a negative one. No branch, because signs are unpredictable.
  return bits ^ (~(bits >> 31) & 0x7fffffff);
}

function packed(key: number, id: number, shift: number): number {
  return (key & ((1 << shift) - 1)) * ID_RANGE + id;
}

function countBins(words: Int32Array, counts: Uint32Array, shift: number): void {
  for (let id = 0; id < words.length; id++) counts[keyOf(words[id]!) >>> shift]!++;
}

function takeOut(words: Int32Array, next: Int32Array, to: Float64Array, shift: number): void {
  for (let id = 0; id < words.length; id++) {
    const key = keyOf(words[id]!);
    const place = next[key >>> shift]!;
    if (place < 0) continue;
    to[place] = packed(key, id, shift);
    next[key >>> shift] = place + 1;
  }
}

/** Ids were collected ascending, so equal logits (thousands, if many are −∞) are already in order. */
function sort(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    if (values[i - 1]! > values[i]!) {
      values.sort();
      return;
    }
  }
}

/** Brings to `place` the value that a sort of values[from … to) would put there (Hoare's quickselect). All values differ. */
function select(values: Float64Array, from: number, to: number, place: number): void {
  let first = from;
  let last = to - 1;
  while (first < last) {
    const pivot = values[(first + last) >>> 1]!;
    let left = first;
    let right = last;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const value = values[left]!;
      values[left++] = values[right]!;
      values[right--] = value;
    }
    if (place <= right) last = right;
    else if (place >= left) first = left;
    else return;
  }
}

function countBelow(values: Float64Array, from: number, to: number, bound: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (values[i]! < bound) count++;
  return count;
}

/** 1 for the most likely token; ties by token id. */
export function rankOf(logits: Float32Array, token: number): number {
  const own = logits[token]!;
  let rank = 1;
  for (let i = 0; i < token; i++) if (logits[i]! >= own) rank++;
  for (let i = token + 1; i < logits.length; i++) if (logits[i]! > own) rank++;
  return rank;
}

/** The `n` most likely tokens, best first, ties by id. */
export function topTokens(logits: Float32Array, n: number): Uint32Array<ArrayBuffer> {
  return new Ranking(logits).top(n);
}
