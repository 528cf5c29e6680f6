import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import { bfloat16Bits, halfBits } from './float_bits.ts';
import { type BlockQuantiser, farthest, level, setHalf } from './grid.ts';
import { quantiseQ4K, quantiseQ5K, quantiseQ6K } from './quantise_k.ts';

/**
 * Plain quantisers for test models. They take the nearest value on each block's grid, without llama.cpp's searches
 * for K-quants. Layouts: ggml/src/ggml-common.h; grids: ggml-quants.c, `quantize_row_*_ref`.
 *
 * @param row weights; the length is a multiple of the format's block
 * @param out where the blocks go, from byte `at`
 */
export function quantiseRow(format: BlockFormat, row: Float32Array, out: DataView, at: number): void {
  const { elements, bytes } = BLOCK_FORMATS[format];
  if (row.length % elements !== 0) throw new Error(`a row of ${row.length} has no whole ${format} blocks`);
  const quantise = QUANTISERS[format];
  for (let from = 0, to = at; from < row.length; from += elements, to += bytes) quantise(row, from, out, to);
}

const QUANTISERS: Readonly<Record<BlockFormat, BlockQuantiser>> = {
  F32: (x, from, out, at) => out.setFloat32(at, x[from]!, true),
  F16: (x, from, out, at) => out.setUint16(at, halfBits(x[from]!), true),
  BF16: (x, from, out, at) => out.setUint16(at, bfloat16Bits(x[from]!), true),
  Q8_0: (x, from, out, at) => {
    const scale = setHalf(out, at, Math.abs(farthest(x, from, 32)) / 127);
    for (let i = 0; i < 32; i++) out.setInt8(at + 2 + i, level(x[from + i]!, scale, 0, -127, 127));
  },
  // The element of largest magnitude lies exactly on the grid, at −8 (or −16) steps.
  Q4_0: (x, from, out, at) => {
    const scale = setHalf(out, at, farthest(x, from, 32) / -8);
    setLevels(x, from, scale, 0, 8, 15);
    setNibbles(out, at + 2);
  },
  Q4_1: (x, from, out, at) => {
    const [low, high] = range(x, from);
    const scale = setHalf(out, at, (high - low) / 15);
    setLevels(x, from, scale, setHalf(out, at + 2, low), 0, 15);
    setNibbles(out, at + 4);
  },
  Q5_0: (x, from, out, at) => {
    const scale = setHalf(out, at, farthest(x, from, 32) / -16);
    setLevels(x, from, scale, 0, 16, 31);
    setFifthBits(out, at + 2);
    setNibbles(out, at + 6);
  },
  Q5_1: (x, from, out, at) => {
    const [low, high] = range(x, from);
    const scale = setHalf(out, at, (high - low) / 31);
    setLevels(x, from, scale, setHalf(out, at + 2, low), 0, 31);
    setFifthBits(out, at + 4);
    setNibbles(out, at + 8);
  },
  Q4_K: quantiseQ4K,
  Q5_K: quantiseQ5K,
  Q6_K: quantiseQ6K,
};

/** The levels of the present block, allocated once because models of the benchmarks have millions of blocks. */
const levels = new Uint8Array(32);

/** Levels 0 to `top` of 32 weights on the grid (q − zero) · step + minimum. */
function setLevels(
  x: Float32Array,
  from: number,
  step: number,
  minimum: number,
  zero: number,
  top: number,
): void {
  for (let i = 0; i < 32; i++) levels[i] = level(x[from + i]! - minimum, step, zero, 0, top);
}

/** Byte i holds the low four bits of elements i and i + 16. */
function setNibbles(out: DataView, at: number): void {
  for (let i = 0; i < 16; i++) out.setUint8(at + i, (levels[i]! & 15) | ((levels[i + 16]! & 15) << 4));
}

/** Bit i of the 32-bit word is the fifth bit of element i. */
function setFifthBits(out: DataView, at: number): void {
  let word = 0;
  for (let i = 0; i < 32; i++) word |= ((levels[i]! >> 4) & 1) << i;
  out.setUint32(at, word >>> 0, true);
}

/** The smallest and the largest of 32 weights. */
function range(x: Float32Array, from: number): [number, number] {
  let low = x[from]!;
  let high = low;
  for (let i = 1; i < 32; i++) {
    low = Math.min(low, x[from + i]!);
    high = Math.max(high, x[from + i]!);
  }
  return [low, high];
}
