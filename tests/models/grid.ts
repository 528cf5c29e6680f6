import { halfBits, halfValue } from './float_bits.ts';

/** Writes a half and returns the number that a reader will see. */
export function setHalf(out: DataView, at: number, value: number): number {
  const bits = halfBits(value);
  out.setUint16(at, bits, true);
  return halfValue(bits);
}

/** The grid step nearest to `value`, counted from `zero`. */
export function level(value: number, step: number, zero: number, low: number, high: number): number {
  const q = step === 0 ? zero : Math.round(value / step) + zero;
  return Math.min(high, Math.max(low, q));
}

/** The element farthest from 0, with its sign. */
export function farthest(x: Float32Array): number {
  let best = 0;
  for (const value of x) if (Math.abs(value) > Math.abs(best)) best = value;
  return best;
}
