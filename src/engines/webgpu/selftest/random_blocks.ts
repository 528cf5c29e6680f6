import { BLOCK_FORMATS, type BlockFormat } from '../../gguf/block_formats.ts';
import { randomBits } from './case.ts';

/** Byte offsets of the halves in a block of each quantised format. */
const HALF_OFFSETS: Partial<Record<BlockFormat, readonly number[]>> = {
  Q8_0: [0],
  Q4_0: [0],
  Q5_0: [0],
  Q4_1: [0, 2],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};

/** A half between 2⁻⁸ and 2⁻⁵, or a subnormal half that is not tiny. */
function scaleHalf(bits: number, subnormal: boolean): number {
  return subnormal ? 256 | (bits & 0x2ff) : (7 + (bits % 3)) * 1024 + ((bits >>> 8) & 1023);
}

/**
 * Rows of weights in the layout of a file: any bits as quants, sensible scales.
 * @param subnormalRow all halves of this row are subnormal
 */
export function randomBlocks(
  format: BlockFormat,
  rows: number,
  columns: number,
  seed: number,
  subnormalRow: number,
): Uint8Array<ArrayBuffer> {
  const { elements, bytes } = BLOCK_FORMATS[format];
  const rowBlocks = columns / elements;
  const file = new Uint8Array(rows * rowBlocks * bytes);
  const view = new DataView(file.buffer);
  for (let i = 0; i < file.length; i++) file[i] = randomBits(seed, i);
  for (let block = 0; block < rows * rowBlocks; block++) {
    const at = block * bytes;
    const subnormal = Math.floor(block / rowBlocks) === subnormalRow;
    const bits = randomBits(seed + 1, block);
    const sign = bits & 0x80000000 ? 0x8000 : 0;
    if (format === 'F32') view.setFloat32(at, bits / 2 ** 31 - 1, true);
    else if (format === 'BF16') view.setUint16(at, sign | (0x3e00 + (bits & 0x1ff)), true);
    else if (format === 'F16') view.setUint16(at, sign | scaleHalf(bits, subnormal), true);
    for (const offset of HALF_OFFSETS[format] ?? [])
      view.setUint16(at + offset, scaleHalf(randomBits(seed + 2 + offset, block), subnormal), true);
  }
  return file;
}
