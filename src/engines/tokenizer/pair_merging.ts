/**
 * Merges neighbours, best pair first, the leftmost on a tie. Byte-pair encoding and sentencepiece's `bpe` both use it.
 * With a heap this takes O(n log n), so that a word of 100 kB cannot stall the page.
 *
 * @param count symbols at the start, numbered from 0; a merged symbol keeps the number of its left part
 * @param rankOf the rank of merging two neighbours, lowest first; Infinity if they do not merge
 * @param join is called on each merge, so that the caller can replace its own `left` by the joined symbol
 * @returns the numbers of the remaining symbols, in order
 */
export function mergePairs(
  count: number,
  rankOf: (left: number, right: number) => number,
  join: (left: number, right: number) => void,
): number[] {
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1));
  /** How many initial symbols each symbol holds; 0 once it was merged into its left neighbour. */
  const size = new Int32Array(count).fill(1);
  const heap = new PairHeap();

  const offer = (left: number, right: number): void => {
    if (left < 0 || right < 0) return;
    const rank = rankOf(left, right);
    if (rank !== Infinity) heap.push({ rank, left, right, size: size[left]! + size[right]! });
  };
  for (let i = 0; i + 1 < count; i++) offer(i, i + 1);

  for (let pair = heap.pop(); pair; pair = heap.pop()) {
    const { left, right } = pair;
    // One of the two was merged after this pair entered the heap.
    if (size[left] === 0 || size[right] === 0 || size[left]! + size[right]! !== pair.size) continue;
    join(left, right);
    size[left] = pair.size;
    size[right] = 0;
    const after = next[right]!;
    next[left] = after;
    if (after >= 0) previous[after] = left;
    offer(previous[left]!, left);
    offer(left, after);
  }

  const remaining: number[] = [];
  for (let i = count > 0 ? 0 : -1; i >= 0; i = next[i]!) remaining.push(i);
  return remaining;
}

interface Pair {
  readonly rank: number;
  readonly left: number;
  readonly right: number;
  readonly size: number;
}

/** A binary heap: the lowest rank first, then the leftmost. */
class PairHeap {
  readonly #pairs: Pair[] = [];

  push(pair: Pair): void {
    const pairs = this.#pairs;
    let at = pairs.push(pair) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(pair, pairs[parent]!)) break;
      pairs[at] = pairs[parent]!;
      at = parent;
    }
    pairs[at] = pair;
  }

  pop(): Pair | undefined {
    const pairs = this.#pairs;
    const top = pairs[0];
    const last = pairs.pop();
    if (!last || pairs.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= pairs.length) break;
      if (child + 1 < pairs.length && before(pairs[child + 1]!, pairs[child]!)) child++;
      if (!before(pairs[child]!, last)) break;
      pairs[at] = pairs[child]!;
      at = child;
    }
    pairs[at] = last;
    return top;
  }
}

function before(a: Pair, b: Pair): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.left < b.left);
}
