/**
 * Every block format in plain loops in f64: one function per format, one block at a time. It follows the layouts in
 * ggml/src/ggml-common.h and the formulas of ggml-quants.c, and shares no code with the rest of the engine or the test models.
 */

export interface PlainFormat {
  /** Weights per block, and bytes per block. */
  readonly elements: number;
  readonly bytes: number;
  /** Decodes the block that begins at byte `at` to out[o], out[o + 1] … */
  readonly read: (view: DataView, at: number, out: Float64Array, o: number) => void;
}

export const PLAIN_FORMATS: Readonly<Record<string, PlainFormat>> = {
  F32: { elements: 1, bytes: 4, read: (v, at, out, o) => void (out[o] = v.getFloat32(at, true)) },
  F16: { elements: 1, bytes: 2, read: (v, at, out, o) => void (out[o] = half(v, at)) },
  BF16: {
    elements: 1,
    bytes: 2,
    // The upper half of a float.
    read: (v, at, out, o) => {
      const float = new DataView(new ArrayBuffer(4));
      float.setUint16(0, v.getUint16(at, true));
      out[o] = float.getFloat32(0);
    },
  },
  Q8_0: { elements: 32, bytes: 34, read: readQ8_0 },
  Q4_0: { elements: 32, bytes: 18, read: readQ4_0 },
  Q4_1: { elements: 32, bytes: 20, read: readQ4_1 },
  Q5_0: { elements: 32, bytes: 22, read: readQ5_0 },
  Q5_1: { elements: 32, bytes: 24, read: readQ5_1 },
  Q4_K: { elements: 256, bytes: 144, read: readQ4_K },
  Q5_K: { elements: 256, bytes: 176, read: readQ5_K },
  Q6_K: { elements: 256, bytes: 210, read: readQ6_K },
};

/**
 * @param format a key of PLAIN_FORMATS
 * @param bytes whole blocks
 * @returns all their weights, in order
 */
export function dequantise(format: string, bytes: Uint8Array): Float64Array {
  const plain = PLAIN_FORMATS[format];
  if (!plain) throw new Error(`no plain loops for ${format}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.length / plain.bytes;
  const out = new Float64Array(blocks * plain.elements);
  for (let block = 0; block < blocks; block++) {
    plain.read(view, block * plain.bytes, out, block * plain.elements);
  }
  return out;
}

function half(v: DataView, at: number): number {
  const bits = v.getUint16(at, true);
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * (fraction / 1024) * 2 ** -14;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** d: half, q: int8[32]. w = d · q */
function readQ8_0(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  for (let i = 0; i < 32; i++) out[o + i] = d * v.getInt8(at + 2 + i);
}

/** d: half, q: 4 bits × 32, elements 0–15 in the low nibbles and 16–31 in the high. w = d · (q − 8) */
function readQ4_0(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  for (let i = 0; i < 16; i++) {
    const byte = v.getUint8(at + 2 + i);
    out[o + i] = d * ((byte & 0x0f) - 8);
    out[o + i + 16] = d * ((byte >> 4) - 8);
  }
}

/** d, m: half, then as Q4_0. w = d · q + m */
function readQ4_1(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  const m = half(v, at + 2);
  for (let i = 0; i < 16; i++) {
    const byte = v.getUint8(at + 4 + i);
    out[o + i] = d * (byte & 0x0f) + m;
    out[o + i + 16] = d * (byte >> 4) + m;
  }
}

/** d: half, fifth bits: u32 with bit i for element i, low bits as Q4_0. w = d · (q − 16) */
function readQ5_0(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  const fifth = v.getUint32(at + 2, true);
  for (let i = 0; i < 16; i++) {
    const byte = v.getUint8(at + 6 + i);
    out[o + i] = d * ((byte & 0x0f) + 16 * ((fifth >>> i) & 1) - 16);
    out[o + i + 16] = d * ((byte >> 4) + 16 * ((fifth >>> (i + 16)) & 1) - 16);
  }
}

/** d, m: half, fifth bits: u32, low bits. w = d · q + m */
function readQ5_1(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  const m = half(v, at + 2);
  const fifth = v.getUint32(at + 4, true);
  for (let i = 0; i < 16; i++) {
    const byte = v.getUint8(at + 8 + i);
    out[o + i] = d * ((byte & 0x0f) + 16 * ((fifth >>> i) & 1)) + m;
    out[o + i + 16] = d * ((byte >> 4) + 16 * ((fifth >>> (i + 16)) & 1)) + m;
  }
}

/** Scale and minimum of group j (0–7) in six bits each, from the twelve bytes at `at`. */
function scaleAndMinimum(v: DataView, at: number, j: number): [number, number] {
  if (j < 4) return [v.getUint8(at + j) & 63, v.getUint8(at + j + 4) & 63];
  const low = v.getUint8(at + j + 4);
  const scale = (low & 0x0f) | ((v.getUint8(at + j - 4) >> 6) << 4);
  const minimum = (low >> 4) | ((v.getUint8(at + j) >> 6) << 4);
  return [scale, minimum];
}

/** d, dmin: half; twelve bytes of scales and minima; q: 4 bits × 256. w = d · scale · q − dmin · minimum */
function readQ4_K(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  const dmin = half(v, at + 2);
  for (let group = 0; group < 8; group++) {
    const [scale, minimum] = scaleAndMinimum(v, at + 4, group);
    for (let i = 0; i < 32; i++) {
      // Two groups share 32 bytes: the even one has the low nibbles.
      const byte = v.getUint8(at + 16 + 32 * (group >> 1) + i);
      const q = group % 2 === 0 ? byte & 0x0f : byte >> 4;
      out[o + 32 * group + i] = d * scale * q - dmin * minimum;
    }
  }
}

/** As Q4_K with 32 bytes of fifth bits before the nibbles: bit g of byte i is element i of group g. */
function readQ5_K(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at);
  const dmin = half(v, at + 2);
  for (let group = 0; group < 8; group++) {
    const [scale, minimum] = scaleAndMinimum(v, at + 4, group);
    for (let i = 0; i < 32; i++) {
      const fifth = (v.getUint8(at + 16 + i) >> group) & 1;
      const byte = v.getUint8(at + 48 + 32 * (group >> 1) + i);
      const q = (group % 2 === 0 ? byte & 0x0f : byte >> 4) + 16 * fifth;
      out[o + 32 * group + i] = d * scale * q - dmin * minimum;
    }
  }
}

/** Low four bits: 128 bytes; upper two: 64 bytes; scales: int8[16]; d: half. w = d · scale · (q − 32) */
function readQ6_K(v: DataView, at: number, out: Float64Array, o: number): void {
  const d = half(v, at + 208);
  for (let n = 0; n < 256; n++) {
    // Each half of 128 has four runs of 32: runs 0 and 2 share nibbles of one byte, as 1 and 3 do.
    const side = n >> 7;
    const run = (n >> 5) & 3;
    const i = n & 31;
    const lowByte = v.getUint8(at + 64 * side + 32 * (run & 1) + i);
    const low = run < 2 ? lowByte & 0x0f : lowByte >> 4;
    const upper = (v.getUint8(at + 128 + 32 * side + i) >> (2 * run)) & 3;
    const scale = v.getInt8(at + 192 + (n >> 4));
    out[o + n] = d * scale * (low + 16 * upper - 32);
  }
}
