/**
 * Candidates in order (key descending, ties by token id), sorted only as far as a reader asks. Most steps need a few dozen
 * of 150,000 tokens, which one pass finds with a heap. For thousands, one pass counts keys into bins 1/128 wide, a second
 * takes out the bins that are needed, and only those are sorted.
 */
import { IdSorter, MERGE_LIMIT } from './id_sorter.ts';
import { BINS, countBins, largestKey, smallestKey, weighBins } from './key_bins.ts';
import { fillHeap } from './top_heap.ts';

/** Up to this many are found with a heap. */
const HEAP_LIMIT = 512;
const BINS_PER_UNIT = 128;
/** Slices up to this length are sorted whole. */
const SORT_AT_ONCE = 512;
/** `walk` sorts this many before it partitions the rest. */
const WALKED = [64, 512];
/** A slice is partitioned at most this often before the remainder is sorted. */
const PARTINGS = 4;

export class PartialOrder {
  readonly #bins = new Uint32Array(BINS);
  readonly #mass = new Float64Array(BINS);
  readonly #front: Uint32Array<ArrayBuffer>;
  readonly #back: Uint32Array<ArrayBuffer>;
  readonly #sorter: IdSorter;

  /** @param size the largest number of ids to order */
  constructor(size: number) {
    this.#front = new Uint32Array(size);
    this.#back = new Uint32Array(size);
    this.#sorter = new IdSorter(size);
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
      this.#sorter.sort(ids, sorted, count, keys);
      return count;
    }
    const taken =
      goal <= HEAP_LIMIT
        ? this.#takeByHeap(ids, sorted, count, keys, goal)
        : this.#takeByBins(ids, sorted, count, keys, goal);
    this.#sorter.sort(ids, sorted, sorted + taken, keys);
    return sorted + taken;
  }

  /**
   * Walks ids[0 … count) in order until the running mass reaches `goal`. It sorts the first few hundred; if they do not
   * suffice, it partitions the rest by mass.
   * @param alreadySorted how many in front are in their places
   * @param strict the mass must exceed the goal; otherwise it may equal it
   * @returns taken: how many ids that takes, the last of them at its place; sorted: how many in front are in their places now
   */
  walk(
    ids: Uint32Array,
    count: number,
    keys: Float64Array,
    weights: Float64Array,
    alreadySorted: number,
    goal: number,
    strict: boolean,
  ): { taken: number; sorted: number } {
    let sorted = alreadySorted;
    let mass = 0;
    let taken = 0;
    for (const wanted of WALKED) {
      sorted = this.extend(ids, count, keys, sorted, wanted);
      while (taken < sorted) {
        mass += weights[ids[taken++]!]!;
        if (mass > goal || (!strict && mass === goal)) return { taken, sorted };
      }
      if (sorted >= count) return { taken: count, sorted };
    }
    const { start, end, before } = this.#part(ids, sorted, count, keys, weights, goal - mass, strict);
    mass += before;
    for (taken = start; taken < end;) {
      mass += weights[ids[taken++]!]!;
      if (mass > goal || (!strict && mass === goal)) break;
    }
    return { taken, sorted };
  }

  /**
   * Partitions `ids[from … count)` where the running mass in order reaches `goal`, without sorting what comes before.
   * Afterwards ids[from … start) rank above all others and keep their order, ids[start … end) follow sorted, and the mass reaches
   * the goal among the latter.
   * @returns start, end, and the mass of the first part
   */
  #part(
    ids: Uint32Array,
    from: number,
    count: number,
    keys: Float64Array,
    weights: Float64Array,
    goal: number,
    strict: boolean,
  ): { start: number; end: number; before: number } {
    let start = from;
    let end = count;
    let before = 0;
    let binsPerUnit = BINS_PER_UNIT;
    // A bin that holds too many is partitioned again, into bins of its own range.
    for (let round = 0; round < PARTINGS && end - start > MERGE_LIMIT; round++) {
      const top = largestKey(ids, start, end, keys);
      if (round > 0) {
        const range = top - smallestKey(ids, start, end, keys);
        binsPerUnit = BINS / range;
        if (!Number.isFinite(binsPerUnit)) break;
      }
      const mass = this.#mass.fill(0);
      weighBins(mass, ids, start, end, keys, weights, top, binsPerUnit);
      let bin = 0;
      for (; bin < BINS - 1; bin++) {
        const after = before + mass[bin]!;
        if (after > goal || (!strict && after === goal)) break;
        before = after;
      }
      const [above, within] = this.#threeWays(ids, start, end, keys, top, bin, binsPerUnit);
      start += above;
      end = start + within;
    }
    this.#sorter.sort(ids, start, end, keys);
    return { start, end, before };
  }

  /** Puts the ids of lower bins first, then those of `bin`, then the rest; each group keeps its order. */
  #threeWays(
    ids: Uint32Array,
    from: number,
    to: number,
    keys: Float64Array,
    top: number,
    bin: number,
    binsPerUnit: number,
  ): [above: number, within: number] {
    const front = this.#front;
    const back = this.#back;
    const border = bin < BINS - 1 ? bin + 1 : Infinity;
    let above = 0;
    let within = 0;
    let behind = back.length;
    for (let i = from; i < to; i++) {
      const id = ids[i]!;
      const distance = (top - keys[id]!) * binsPerUnit;
      if (distance < bin) front[above++] = id;
      else if (distance < border || border === Infinity) back[within++] = id;
      else back[--behind] = id;
    }
    ids.set(front.subarray(0, above), from);
    ids.set(back.subarray(0, within), from + above);
    ids.set(back.subarray(behind).reverse(), from + above + within);
    return [above, within];
  }

  /** Swaps the first `goal` in order to the front of the slice. */
  #takeByHeap(ids: Uint32Array, from: number, to: number, keys: Float64Array, goal: number): number {
    const heap = this.#front;
    fillHeap(heap, goal, ids, from, to, keys);
    const places = heap.subarray(0, goal).sort();
    // Chosen ids that are already in front stay; the others swap places with ids in front that were not chosen.
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
    const top = largestKey(ids, from, to, keys);
    countBins(bins, ids, from, to, keys, top, BINS_PER_UNIT);
    const last = BINS - 1;
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
}
