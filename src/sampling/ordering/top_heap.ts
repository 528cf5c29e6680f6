/** Finds the first few of many in one pass. */
import { before } from './id_sorter.ts';

/** Fills heap[0 … goal) with the places of the `goal` best of ids[from … to), with the last of them at the root. */
export function fillHeap(
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
    // Most keys are far below the worst in the heap, so four at a time are skipped.
    while (
      i + 4 <= to &&
      keys[ids[i]!]! < worstKey &&
      keys[ids[i + 1]!]! < worstKey &&
      keys[ids[i + 2]!]! < worstKey &&
      keys[ids[i + 3]!]! < worstKey
    ) {
      i += 4;
    }
    if (i === to) break;
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
