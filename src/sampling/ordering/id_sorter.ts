/** Sorts ids by key, descending, equal keys by id: a merge sort for few, a radix sort for many. */

/** Up to this length merge sort beats six counting passes. */
export const MERGE_LIMIT = 2048;
const DIGIT_BITS = 11;
const DIGITS = 6;
const RADIX = 1 << DIGIT_BITS;

/** Whether (keyA, a) comes before (keyB, b). */
export function before(keyA: number, a: number, keyB: number, b: number): boolean {
  return keyA > keyB || (keyA === keyB && a < b);
}

export class IdSorter {
  readonly #digits = new Uint32Array(RADIX * DIGITS);
  readonly #other: Uint32Array<ArrayBuffer>;
  /** The slice's keys as two 32-bit words each, whose unsigned order is the descending order of the keys. */
  readonly #words: Uint32Array<ArrayBuffer>;

  /** @param size one more than the largest id */
  constructor(size: number) {
    this.#other = new Uint32Array(size);
    this.#words = new Uint32Array(2 * size);
  }

  /** @param keys by id; no NaN */
  sort(ids: Uint32Array, from: number, to: number, keys: Float64Array): void {
    const slice = ids.subarray(from, to);
    if (slice.length <= MERGE_LIMIT) this.#mergeSort(slice, keys);
    else this.#radixSort(slice, keys);
  }

  #mergeSort(ids: Uint32Array, keys: Float64Array): void {
    const n = ids.length;
    const run = 16;
    for (let start = 0; start < n; start += run) {
      const end = Math.min(start + run, n);
      for (let i = start + 1; i < end; i++) {
        const id = ids[i]!;
        const key = keys[id]!;
        let j = i - 1;
        while (j >= start && before(key, id, keys[ids[j]!]!, ids[j]!)) {
          ids[j + 1] = ids[j]!;
          j--;
        }
        ids[j + 1] = id;
      }
    }
    const scratch = this.#other;
    for (let width = run; width < n; width *= 2) {
      for (let start = 0; start + width < n; start += 2 * width) {
        const middle = start + width;
        const end = Math.min(middle + width, n);
        scratch.set(ids.subarray(start, middle), 0);
        let left = 0;
        let right = middle;
        let out = start;
        while (left < width && right < end) {
          const a = scratch[left]!;
          const b = ids[right]!;
          if (before(keys[b]!, b, keys[a]!, a)) {
            ids[out++] = b;
            right++;
          } else {
            ids[out++] = a;
            left++;
          }
        }
        while (left < width) ids[out++] = scratch[left++]!;
      }
    }
  }

  /** Least significant digit first, over the 64 bits of the key; a digit that all keys share costs nothing. */
  #radixSort(ids: Uint32Array, keys: Float64Array): void {
    const n = ids.length;
    // The sort is stable, so ascending ids break ties by id.
    if (!ascending(ids)) ids.sort();
    const words = this.#words;
    const keyWords = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
    const digits = this.#digits.fill(0);
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      let low = keyWords[2 * id]!;
      let high = keyWords[2 * id + 1]!;
      // −0 equals 0. Bits ascend with a positive number and descend with a negative one; the largest must come first.
      if (high === 0x80000000 && low === 0) high = 0;
      if (high >>> 31 === 0) {
        low = ~low;
        high = high ^ 0x7fffffff;
      }
      words[2 * id] = low;
      words[2 * id + 1] = high;
      low >>>= 0;
      high >>>= 0;
      digits[low & 2047]!++;
      digits[RADIX + ((low >>> 11) & 2047)]!++;
      digits[2 * RADIX + (((high << 10) | (low >>> 22)) & 2047)]!++;
      digits[3 * RADIX + ((high >>> 1) & 2047)]!++;
      digits[4 * RADIX + ((high >>> 12) & 2047)]!++;
      digits[5 * RADIX + (high >>> 23)]!++;
    }
    let from: Uint32Array = ids;
    let to: Uint32Array = this.#other;
    for (let digit = 0; digit < DIGITS; digit++) {
      const starts = digits.subarray(digit * RADIX, (digit + 1) * RADIX);
      if (starts.includes(n)) continue;
      let sum = 0;
      for (let d = 0; d < RADIX; d++) {
        const size = starts[d]!;
        starts[d] = sum;
        sum += size;
      }
      for (let i = 0; i < n; i++) {
        const id = from[i]!;
        const d = digitOf(words[2 * id]!, words[2 * id + 1]!, digit);
        to[starts[d]!++] = id;
      }
      [from, to] = [to, from];
    }
    if (from !== ids) ids.set(from.subarray(0, n));
  }
}

function ascending(ids: Uint32Array): boolean {
  for (let i = 1; i < ids.length; i++) if (ids[i - 1]! > ids[i]!) return false;
  return true;
}

function digitOf(low: number, high: number, digit: number): number {
  switch (digit) {
    case 0:
      return low & 2047;
    case 1:
      return (low >>> 11) & 2047;
    case 2:
      return ((high << 10) | (low >>> 22)) & 2047;
    case 3:
      return (high >>> 1) & 2047;
    case 4:
      return (high >>> 12) & 2047;
    default:
      return high >>> 23;
  }
}
