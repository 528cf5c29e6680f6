import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/webgpu/gguf/block_formats.ts';
import { bfloat16Bits, halfBits } from './float_bits.ts';
import { farthest, level, setHalf } from './grid.ts';
import { quantiseQ4K, quantiseQ5K, quantiseQ6K } from './quantise_k.ts';

/**
 * Plain quantisers, for test models: the nearest value on each block's grid, without the searches that llama.cpp
 * makes for K-quants. Layouts: ggml/src/ggml-common.h; grids: ggml-quants.c, `quantize_row_*_ref`.
 *
 * @param row weights; the length is a multiple of the format's block
 * @param out where the blocks go, from byte `at`
 */
export function quantiseRow(format: BlockFormat, row: Float32Array, out: DataView, at: number): void {
  const { elements, bytes } = BLOCK_FORMATS[format];
  if (row.length % elements !== 0) throw new Error(`a row of ${row.length} has no whole ${format} blocks`);
  const quantise = QUANTISERS[format];
  for (let block = 0; block < row.length / elements; block++) {
    quantise(row.subarray(block * elements, (block + 1) * elements), out, at + block * bytes);
  }
}

type BlockQuantiser = (x: Float32Array, out: DataView, at: number) => void;

const QUANTISERS: Readonly<Record<BlockFormat, BlockQuantiser>> = {
  F32: (x, out, at) => out.setFloat32(at, x[0]!, true),
  F16: (x, out, at) => out.setUint16(at, halfBits(x[0]!), true),
  BF16: (x, out, at) => out.setUint16(at, bfloat16Bits(x[0]!), true),
  Q8_0: (x, out, at) => {
    const scale = setHalf(out, at, largestMagnitude(x) / 127);
    for (let i = 0; i < 32; i++) out.setInt8(at + 2 + i, level(x[i]!, scale, 0, -127, 127));
  },
  // The element of largest magnitude lies exactly on the grid, at −8 (or −16) steps.
  Q4_0: (x, out, at) => {
    const scale = setHalf(out, at, farthest(x) / -8);
    const q = Array.from(x, (value) => level(value, scale, 8, 0, 15));
    setNibbles(q, out, at + 2);
  },
  Q4_1: (x, out, at) => {
    const low = Math.min(...x);
    const scale = setHalf(out, at, (Math.max(...x) - low) / 15);
    const minimum = setHalf(out, at + 2, low);
    const q = Array.from(x, (value) => level(value - minimum, scale, 0, 0, 15));
    setNibbles(q, out, at + 4);
  },
  Q5_0: (x, out, at) => {
    const scale = setHalf(out, at, farthest(x) / -16);
    const q = Array.from(x, (value) => level(value, scale, 16, 0, 31));
    setFifthBits(q, out, at + 2);
    setNibbles(q, out, at + 6);
  },
  Q5_1: (x, out, at) => {
    const low = Math.min(...x);
    const scale = setHalf(out, at, (Math.max(...x) - low) / 31);
    const minimum = setHalf(out, at + 2, low);
    const q = Array.from(x, (value) => level(value - minimum, scale, 0, 0, 31));
    setFifthBits(q, out, at + 4);
    setNibbles(q, out, at + 8);
  },
  Q4_K: quantiseQ4K,
  Q5_K: quantiseQ5K,
  Q6_K: quantiseQ6K,
};

function largestMagnitude(x: Float32Array): number {
  return Math.abs(farthest(x));
}

/** Byte i holds the low four bits of elements i and i + 16. */
function setNibbles(q: readonly number[], out: DataView, at: number): void {
  for (let i = 0; i < 16; i++) out.setUint8(at + i, (q[i]! & 15) | ((q[i + 16]! & 15) << 4));
}

/** Bit i of the 32-bit word is the fifth bit of element i. */
function setFifthBits(q: readonly number[], out: DataView, at: number): void {
  let word = 0;
  for (let i = 0; i < 32; i++) word |= ((q[i]! >> 4) & 1) << i;
  out.setUint32(at, word >>> 0, true);
}
