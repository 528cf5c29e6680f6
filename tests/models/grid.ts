import { halfBits, halfValue } from './float_bits.ts';

/** Quantises the block that begins at x[from], and writes it from byte `at`. */
export type BlockQuantiser = (x: Float32Array, from: number, out: DataView, at: number) => void;

/** Writes a half and returns the number that a reader will see. */
export function setHalf(out: DataView, at: number, value: number): number {
  const bits = halfBits(value);
  out.setUint16(at, bits, true);
  return halfValue(bits);
}

/** The grid step nearest to `value`, counted from `zero`. */
export function level(value: number, step: number, zero: number, low: number, high: number): number {
  const q = step === 0 ? zero : Math.round(value / step) + zero;
  return q < low ? low : q > high ? high : q;
}

/** The element farthest from 0 among `count`, with its sign. */
export function farthest(x: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let i = from; i < from + count; i++) if (Math.abs(x[i]!) > Math.abs(best)) best = x[i]!;
  return best;
}
