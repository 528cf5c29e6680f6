/** Sweeps that sort keys into bins of equal width, counted down from the largest key. The last bin takes the rest. */

export const BINS = 4096;

export function largestKey(ids: Uint32Array, from: number, to: number, keys: Float64Array): number {
  let top = -Infinity;
  for (let i = from; i < to; i++) {
    const key = keys[ids[i]!]!;
    if (key > top) top = key;
  }
  return top;
}

export function smallestKey(ids: Uint32Array, from: number, to: number, keys: Float64Array): number {
  let bottom = Infinity;
  for (let i = from; i < to; i++) {
    const key = keys[ids[i]!]!;
    if (key < bottom) bottom = key;
  }
  return bottom;
}

export function countBins(
  bins: Uint32Array,
  ids: Uint32Array,
  from: number,
  to: number,
  keys: Float64Array,
  top: number,
  binsPerUnit: number,
): void {
  const last = BINS - 1;
  for (let i = from; i < to; i++) {
    const distance = (top - keys[ids[i]!]!) * binsPerUnit;
    bins[distance < last ? distance | 0 : last]!++;
  }
}

export function weighBins(
  mass: Float64Array,
  ids: Uint32Array,
  from: number,
  to: number,
  keys: Float64Array,
  weights: Float64Array,
  top: number,
  binsPerUnit: number,
): void {
  const last = BINS - 1;
  for (let i = from; i < to; i++) {
    const id = ids[i]!;
    const distance = (top - keys[id]!) * binsPerUnit;
    mass[distance < last ? distance | 0 : last]! += weights[id]!;
  }
}
