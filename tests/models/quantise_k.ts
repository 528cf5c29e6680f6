import { type BlockQuantiser, farthest, level, setHalf } from './grid.ts';

/** The 256 levels of the present block, and the values that its groups share. */
const q = new Uint8Array(256);
const scales = new Uint8Array(8);
const minima = new Uint8Array(8);

/**
 * Q4_K and Q5_K: 256 weights in eight groups of 32, w = d · scale · q − dmin · minimum, with scale and minimum of a
 * group in six bits each.
 */
export const quantiseQ4K: BlockQuantiser = (x, from, out, at) => {
  quantiseGroups(x, from, 15, out, at);
  setNibbles(out, at + 16);
};

/** Like Q4_K, with separate fifth bits: bit g of byte i belongs to element i of group g. */
export const quantiseQ5K: BlockQuantiser = (x, from, out, at) => {
  quantiseGroups(x, from, 31, out, at);
  for (let i = 0; i < 32; i++) {
    let byte = 0;
    for (let group = 0; group < 8; group++) byte |= (q[group * 32 + i]! >> 4) << group;
    out.setUint8(at + 16 + i, byte);
  }
  setNibbles(out, at + 48);
};

/** Q6_K: 256 weights in sixteen groups of 16, w = d · scale · (q − 32), scale a signed byte. */
export const quantiseQ6K: BlockQuantiser = (x, from, out, at) => {
  let largest = 0;
  for (let group = 0; group < 16; group++) {
    largest = Math.max(largest, Math.abs(farthest(x, from + group * 16, 16) / -32));
  }
  const d = setHalf(out, at + 208, largest / 127);
  for (let group = 0; group < 16; group++) {
    const start = group * 16;
    const scale = level(farthest(x, from + start, 16) / -32, d, 0, -128, 127);
    out.setInt8(at + 192 + group, scale);
    for (let i = start; i < start + 16; i++) q[i] = level(x[from + i]!, d * scale, 32, 0, 63);
  }
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      const first = half * 128 + i;
      const [a, b, c, e] = [q[first]!, q[first + 32]!, q[first + 64]!, q[first + 96]!];
      out.setUint8(at + half * 64 + i, (a & 15) | ((c & 15) << 4));
      out.setUint8(at + half * 64 + 32 + i, (b & 15) | ((e & 15) << 4));
      out.setUint8(at + 128 + half * 32 + i, (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((e >> 4) << 6));
    }
  }
};

/** Low four bits of 256 levels: each 32 bytes hold two groups, the even one in the low nibbles. */
function setNibbles(out: DataView, at: number): void {
  for (let i = 0; i < 128; i++) {
    const first = (i >> 5) * 64 + (i & 31);
    out.setUint8(at + i, (q[first]! & 15) | ((q[first + 32]! & 15) << 4));
  }
}

/** Sets the levels 0 to `top`, and writes d, dmin and the packed scales and minima (bytes 0 to 15). */
function quantiseGroups(x: Float32Array, from: number, top: number, out: DataView, at: number): void {
  const low = new Float64Array(8);
  const step = new Float64Array(8);
  for (let group = 0; group < 8; group++) {
    let high = -Infinity;
    for (let i = from + group * 32; i < from + group * 32 + 32; i++) {
      low[group] = Math.min(low[group]!, x[i]!);
      high = Math.max(high, x[i]!);
    }
    step[group] = (high - low[group]!) / top;
  }
  const d = setHalf(out, at, Math.max(0, ...step) / 63);
  const dmin = setHalf(out, at + 2, -Math.min(...low) / 63);
  for (let group = 0; group < 8; group++) {
    scales[group] = level(step[group]!, d, 0, 0, 63);
    minima[group] = level(-low[group]!, dmin, 0, 0, 63);
  }
  for (let i = 0; i < 4; i++) {
    out.setUint8(at + 4 + i, scales[i]! | ((scales[i + 4]! >> 4) << 6));
    out.setUint8(at + 8 + i, minima[i]! | ((minima[i + 4]! >> 4) << 6));
    out.setUint8(at + 12 + i, (scales[i + 4]! & 15) | ((minima[i + 4]! & 15) << 4));
  }
  for (let i = 0; i < 256; i++) {
    const group = i >> 5;
    q[i] = level(x[from + i]! + dmin * minima[group]!, d * scales[group]!, 0, 0, top);
  }
}
