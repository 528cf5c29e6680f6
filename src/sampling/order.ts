/**
 * Candidates in their fixed order – key descending, ties by token id – sorted only as far as somebody looks. Most steps
 * look at a few dozen of 150,000 tokens, which one pass finds with a heap. For thousands, one pass counts keys into bins
 * 1/128 wide, a second takes out the bins that are needed, and only those are sorted.
 */

/** Up to here a heap finds the largest. */
const HEAP_LIMIT = 512;
const BINS = 4096;
const BINS_PER_UNIT = 128;
/** At most this many are sorted at once without looking for less. */
const SORT_AT_ONCE = 512;
/** Up to here merge sort beats six counting passes. */
const MERGE_LIMIT = 2048;
const DIGIT_BITS = 11;
const DIGITS = 6;
const RADIX = 1 << DIGIT_BITS;

export class PartialOrder {
  readonly #bins = new Uint32Array(BINS);
  readonly #digits = new Uint32Array(RADIX * DIGITS);
  readonly #front: Uint32Array<ArrayBuffer>;
  readonly #back: Uint32Array<ArrayBuffer>;
  /** Keys of the slice being sorted, as two 32-bit words each: sortable, descending. */
  readonly #words: Uint32Array<ArrayBuffer>;

  /** @param size most ids that will be ordered */
  constructor(size: number) {
    this.#front = new Uint32Array(size);
    this.#back = new Uint32Array(size);
    this.#words = new Uint32Array(2 * size);
  }

  /**
   * Brings at least the first `wanted` of `ids[0 … count)` to their places, given that the first `sorted` are there.
   * @param keys by id; no NaN, no −∞
   * @returns how many are in their places now
   */
  extend(ids: Uint32Array, count: number, keys: Float64Array, sorted: number, wanted: number): number {
    if (wanted <= sorted || sorted >= count) return Math.min(sorted, count);
    const goal = wanted - sorted;
    const rest = count - sorted;
    if (rest <= SORT_AT_ONCE || goal * 2 >= rest) {
      this.#sort(ids, sorted, count, keys);
      return count;
    }
    const taken =
      goal <= HEAP_LIMIT
        ? this.#takeByHeap(ids, sorted, count, keys, goal)
        : this.#takeByBins(ids, sorted, count, keys, goal);
    this.#sort(ids, sorted, sorted + taken, keys);
    return sorted + taken;
  }

  /** Swaps the first `goal` in order to the front of the slice. */
  #takeByHeap(ids: Uint32Array, from: number, to: number, keys: Float64Array, goal: number): number {
    const heap = this.#front;
    fillHeap(heap, goal, ids, from, to, keys);
    const places = heap.subarray(0, goal).sort();
    // Those already in front stay; the others change places with the ones in front that were not chosen.
    let inFront = 0;
    while (inFront < goal && places[inFront]! < from + goal) inFront++;
    let next = 0;
    for (let place = from, moved = inFront; moved < goal; place++) {
      if (next < inFront && places[next] === place) {
        next++;
        continue;
      }
      const other = places[moved++]!;
      const id = ids[place]!;
      ids[place] = ids[other]!;
      ids[other] = id;
    }
    return goal;
  }

  /** Moves whole bins of the largest keys, at least `goal` ids, to the front of the slice; both parts keep their order. */
  #takeByBins(ids: Uint32Array, from: number, to: number, keys: Float64Array, goal: number): number {
    const bins = this.#bins.fill(0);
    let top = -Infinity;
    for (let i = from; i < to; i++) {
      const key = keys[ids[i]!]!;
      if (key > top) top = key;
    }
    const last = BINS - 1;
    for (let i = from; i < to; i++) {
      const distance = (top - keys[ids[i]!]!) * BINS_PER_UNIT;
      bins[distance < last ? distance | 0 : last]!++;
    }
    let bin = 0;
    let taken = bins[0]!;
    while (taken < goal) taken += bins[++bin]!;
    if (bin === last) return to - from;
    const front = this.#front;
    const back = this.#back;
    let f = 0;
    let b = 0;
    const border = bin + 1;
    for (let i = from; i < to; i++) {
      const id = ids[i]!;
      if ((top - keys[id]!) * BINS_PER_UNIT < border) front[f++] = id;
      else back[b++] = id;
    }
    ids.set(front.subarray(0, f), from);
    ids.set(back.subarray(0, b), from + f);
    return f;
  }

  #sort(ids: Uint32Array, from: number, to: number, keys: Float64Array): void {
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
    const scratch = this.#front;
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

  /** Least significant digit first over the 64 bits of the key; digits that are the same everywhere cost nothing. */
  #radixSort(ids: Uint32Array, keys: Float64Array): void {
    const n = ids.length;
    // Equal keys keep the order in which they come, so ids must come ascending.
    if (!ascending(ids)) ids.sort();
    const words = this.#words;
    const keyWords = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
    const digits = this.#digits.fill(0);
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      let low = keyWords[2 * id]!;
      let high = keyWords[2 * id + 1]!;
      // −0 equals 0; a positive number's bits ascend with it, a negative one's descend. Inverted for largest first.
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
    let to: Uint32Array = this.#back;
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

/** Leaves in heap[0 … goal) the places of the first `goal` of ids[from … to) in order, the last of them at the root. */
function fillHeap(
  heap: Uint32Array,
  goal: number,
  ids: Uint32Array,
  from: number,
  to: number,
  keys: Float64Array,
): void {
  for (let i = 0; i < goal; i++) heap[i] = from + i;
  for (let i = (goal >>> 1) - 1; i >= 0; i--) sink(heap, i, goal, ids, keys);
  let worst = ids[heap[0]!]!;
  let worstKey = keys[worst]!;
  for (let i = from + goal; i < to; i++) {
    const id = ids[i]!;
    const key = keys[id]!;
    if (key < worstKey || (key === worstKey && id > worst)) continue;
    heap[0] = i;
    sink(heap, 0, goal, ids, keys);
    worst = ids[heap[0]!]!;
    worstKey = keys[worst]!;
  }
}

function sink(heap: Uint32Array, start: number, size: number, ids: Uint32Array, keys: Float64Array): void {
  const place = heap[start]!;
  const id = ids[place]!;
  const key = keys[id]!;
  let parent = start;
  while (2 * parent + 1 < size) {
    let child = 2 * parent + 1;
    let childId = ids[heap[child]!]!;
    if (child + 1 < size) {
      const otherId = ids[heap[child + 1]!]!;
      if (before(keys[childId]!, childId, keys[otherId]!, otherId)) {
        child++;
        childId = otherId;
      }
    }
    if (!before(key, id, keys[childId]!, childId)) break;
    heap[parent] = heap[child]!;
    parent = child;
  }
  heap[parent] = place;
}

function before(keyA: number, a: number, keyB: number, b: number): boolean {
  return keyA > keyB || (keyA === keyB && a < b);
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
