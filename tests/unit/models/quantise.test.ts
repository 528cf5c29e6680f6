import { describe, expect, it } from 'vitest';
import { BLOCK_FORMATS, type BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import { fillBell } from '../../models/counter_rng.ts';
import { bfloat16Bits, halfBits, halfValue } from '../../models/float_bits.ts';
import { quantiseRow } from '../../models/quantise.ts';
import { dequantise } from '../../../src/engines/webgpu/selftest/plain_blocks.ts';

/** The largest error of a weight as a share of the block's largest weight: half a step of the coarsest grid. */
const TOLERANCE: Readonly<Record<BlockFormat, number>> = {
  F32: 0,
  F16: 2 ** -11,
  BF16: 2 ** -8,
  Q8_0: 0.5 / 127 + 0.001,
  // Signed grids range from −8 to 7, so a weight at the other end loses a whole step.
  Q4_0: 1 / 8 + 0.001,
  Q4_1: 1 / 15 + 0.001,
  Q5_0: 1 / 16 + 0.001,
  Q5_1: 1 / 31 + 0.001,
  // Scales have six bits, so a group's step may be off by 1/63 of the block's.
  Q4_K: 1 / 15 + 0.05,
  Q5_K: 1 / 31 + 0.05,
  Q6_K: 1 / 32 + 0.01,
};

describe('quantising and reading back', () => {
  it.each(Object.keys(BLOCK_FORMATS) as BlockFormat[])(
    '%s keeps weights within one quantisation step',
    (format) => {
      const row = new Float32Array(4 * 256);
      fillBell(row, 5, 6, 0, 0.7);
      // A block of zeros, one of a single sign, and one with a lone outlier.
      row.fill(0, 0, 256);
      for (let i = 256; i < 512; i++) row[i] = Math.abs(row[i]!);
      row[700] = 9;
      const { elements, bytes } = BLOCK_FORMATS[format];
      const out = new Uint8Array((row.length / elements) * bytes);
      quantiseRow(format, row, new DataView(out.buffer), 0);
      const back = dequantise(format, out);
      expect(back).toHaveLength(row.length);
      for (let start = 0; start < row.length; start += elements) {
        const block = row.subarray(start, start + elements);
        const largest = Math.max(...block.map(Math.abs));
        block.forEach((weight, i) => {
          expect(Math.abs(back[start + i]! - weight)).toBeLessThanOrEqual(TOLERANCE[format] * largest);
        });
      }
    },
  );

  it('every half survives the conversion to a number and back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfValue(bits);
      if (Number.isNaN(value)) expect(halfBits(value) & 0x7fff).toBeGreaterThan(0x7c00);
      else expect(halfBits(value)).toBe(bits);
    }
  });

  it.each([
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [2 ** -25, 0],
    [1.5 * 2 ** -25, 1],
    [-(2 ** -14), 0x8400],
    [2 ** -14 - 2 ** -26, 0x0400],
  ])('%d rounds to the nearest half, ties to even', (value, bits) => {
    expect(halfBits(value)).toBe(bits);
  });

  it('bfloat16 is the rounded upper half of a float', () => {
    expect(bfloat16Bits(1)).toBe(0x3f80);
    expect(bfloat16Bits(1 + 2 ** -8)).toBe(0x3f80);
    expect(bfloat16Bits(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(bfloat16Bits(-2.5)).toBe(0xc020);
  });
});
