import { farthest, level, setHalf } from './grid.ts';

/**
 * Q4_K and Q5_K: 256 weights in eight groups of 32, w = d · scale · q − dmin · minimum, with scale and minimum of a
 * group in six bits each. @param x 256 weights
 */
export function quantiseQ4K(x: Float32Array, out: DataView, at: number): void {
  const q = quantiseGroups(x, 15, out, at);
  for (let i = 0; i < 128; i++) {
    const first = Math.floor(i / 32) * 64 + (i % 32);
    out.setUint8(at + 16 + i, q[first]! | (q[first + 32]! << 4));
  }
}

/** As Q4_K, with the fifth bits apart: bit g of byte i is that of element i of group g. */
export function quantiseQ5K(x: Float32Array, out: DataView, at: number): void {
  const q = quantiseGroups(x, 31, out, at);
  for (let i = 0; i < 32; i++) {
    let byte = 0;
    for (let group = 0; group < 8; group++) byte |= (q[group * 32 + i]! >> 4) << group;
    out.setUint8(at + 16 + i, byte);
  }
  for (let i = 0; i < 128; i++) {
    const first = Math.floor(i / 32) * 64 + (i % 32);
    out.setUint8(at + 48 + i, (q[first]! & 15) | ((q[first + 32]! & 15) << 4));
  }
}

/** Q6_K: 256 weights in sixteen groups of 16, w = d · scale · (q − 32), scale a signed byte. @param x 256 weights */
export function quantiseQ6K(x: Float32Array, out: DataView, at: number): void {
  const steps: number[] = [];
  for (let group = 0; group < 16; group++)
    steps.push(farthest(x.subarray(group * 16, group * 16 + 16)) / -32);
  const d = setHalf(out, at + 208, Math.max(...steps.map(Math.abs)) / 127);
  const q: number[] = [];
  for (let group = 0; group < 16; group++) {
    const scale = level(steps[group]!, d, 0, -128, 127);
    out.setInt8(at + 192 + group, scale);
    for (let i = 0; i < 16; i++) q.push(level(x[group * 16 + i]!, d * scale, 32, 0, 63));
  }
  for (let half = 0; half < 2; half++) {
    for (let i = 0; i < 32; i++) {
      const [a, b, c, e] = [0, 32, 64, 96].map((step) => q[half * 128 + step + i]!) as [
        number,
        number,
        number,
        number,
      ];
      out.setUint8(at + half * 64 + i, (a & 15) | ((c & 15) << 4));
      out.setUint8(at + half * 64 + 32 + i, (b & 15) | ((e & 15) << 4));
      out.setUint8(at + 128 + half * 32 + i, (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((e >> 4) << 6));
    }
  }
}

/** Writes d, dmin and the packed scales and minima (bytes 0 to 15), and returns the 256 levels. */
function quantiseGroups(x: Float32Array, top: number, out: DataView, at: number): number[] {
  const steps: number[] = [];
  const minima: number[] = [];
  for (let group = 0; group < 8; group++) {
    const values = x.subarray(group * 32, group * 32 + 32);
    const low = Math.min(0, ...values);
    steps.push((Math.max(...values) - low) / top);
    minima.push(-low);
  }
  const d = setHalf(out, at, Math.max(0, ...steps) / 63);
  const dmin = setHalf(out, at + 2, Math.max(...minima) / 63);
  const scale = steps.map((step) => level(step, d, 0, 0, 63));
  const minimum = minima.map((value) => level(value, dmin, 0, 0, 63));
  for (let i = 0; i < 4; i++) {
    out.setUint8(at + 4 + i, scale[i]! | ((scale[i + 4]! >> 4) << 6));
    out.setUint8(at + 8 + i, minimum[i]! | ((minimum[i + 4]! >> 4) << 6));
    out.setUint8(at + 12 + i, (scale[i + 4]! & 15) | ((minimum[i + 4]! & 15) << 4));
  }
  const q: number[] = [];
  for (let i = 0; i < 256; i++) {
    const group = i >> 5;
    q.push(level(x[i]! + dmin * minimum[group]!, d * scale[group]!, 0, 0, top));
  }
  return q;
}
