import { BLOCK_FORMATS, type BlockFormat } from './block_formats.ts';

/**
 * Rows of a tensor in the layout that the shaders read (shaders/blocks/): per block of 32 columns a stream of quants, read as
 * vec4<u32>, a stream of high bits, and a stream of scales. The bits are moved, not converted. Only the rows of unquantised
 * formats are padded with zeros to a multiple of 32 columns.
 */
export interface RepackedRows {
  readonly rows: number;
  /** quants, high bits, scales; each is a whole number of words, or empty if the format has no such stream. */
  readonly streams: readonly Uint8Array<ArrayBuffer>[];
}

/** Bytes per block of 32 columns in each stream: quants, high bits, scales. */
export const STREAMS: Readonly<Record<BlockFormat, readonly [number, number, number]>> = {
  F32: [128, 0, 0],
  F16: [64, 0, 0],
  BF16: [64, 0, 0],
  Q8_0: [32, 0, 2],
  Q4_0: [16, 0, 2],
  Q4_1: [16, 0, 4],
  Q5_0: [16, 4, 2],
  Q5_1: [16, 4, 4],
  Q4_K: [16, 0, 2],
  Q5_K: [16, 4, 2],
  Q6_K: [16, 8, 2.5],
};

/** Moves one block of the file (32 columns, or 256 for K-quants) at `from` to block number `to` of the streams. */
type Move = (
  file: Uint8Array,
  from: number,
  to: number,
  quants: Uint8Array,
  high: Uint8Array,
  scales: Uint8Array,
) => void;

/**
 * @param bytes `rows` whole rows of `columns` columns, as in the file
 * @throws RangeError if the number of bytes does not match
 */
export function repackRows(
  format: BlockFormat,
  bytes: Uint8Array,
  rows: number,
  columns: number,
): RepackedRows {
  const { elements, bytes: blockBytes } = BLOCK_FORMATS[format];
  const perRow = columns / elements;
  if (!Number.isInteger(perRow) || bytes.byteLength !== rows * perRow * blockBytes) {
    throw new RangeError(
      `${rows} rows of ${columns} columns in ${format} do not take ${bytes.byteLength} bytes`,
    );
  }
  const blocks = rows * Math.ceil(columns / 32);
  const streams = STREAMS[format].map((width) => new Uint8Array(Math.ceil((blocks * width) / 4) * 4));
  const [quants, high, scales] = streams as [Uint8Array, Uint8Array, Uint8Array];
  if (elements === 1) {
    padRows(bytes, rows, columns * blockBytes, quants);
  } else {
    const move = MOVES[format]!;
    const step = elements / 32;
    for (let i = 0; i < rows * perRow; i++) move(bytes, i * blockBytes, i * step, quants, high, scales);
  }
  return { rows, streams };
}

function padRows(bytes: Uint8Array, rows: number, rowBytes: number, quants: Uint8Array): void {
  const stride = quants.byteLength / rows;
  if (stride === rowBytes) quants.set(bytes);
  else
    for (let r = 0; r < rows; r++) quants.set(bytes.subarray(r * rowBytes, (r + 1) * rowBytes), r * stride);
}

function copy(file: Uint8Array, from: number, count: number, target: Uint8Array, to: number): void {
  for (let i = 0; i < count; i++) target[to + i] = file[from + i]!;
}

/** Spreads thirty-two fifth bits: bit g of byte b belongs to element 4g + b (shaders/blocks/unpack.wgsl). */
function spreadFifthBits(bit: (element: number) => number, target: Uint8Array, to: number): void {
  for (let b = 0; b < 4; b++) {
    let byte = 0;
    for (let g = 0; g < 8; g++) byte |= bit(4 * g + b) << g;
    target[to + b] = byte;
  }
}

/** Splits the quants of a K-quant block pair, low nibbles first: 32 bytes for two blocks of 32 become 16 bytes per block. */
function splitNibblePair(file: Uint8Array, from: number, quants: Uint8Array, to: number): void {
  for (let j = 0; j < 16; j++) {
    const a = file[from + j]!;
    const b = file[from + 16 + j]!;
    quants[to + j] = (a & 15) | ((b & 15) << 4);
    quants[to + 16 + j] = (a >> 4) | (b & 0xf0);
  }
}

/** Repacks the twelve bytes of eight 6-bit scales and minima (get_scale_min_k4 in ggml-quants.c) as three words by kind. */
function repackScales(file: Uint8Array, from: number, scales: Uint8Array, to: number): void {
  for (let j = 0; j < 8; j++) {
    const own = file[from + j]!;
    const next = file[from + j + 4]!;
    const scale = j < 4 ? own & 63 : (next & 15) | ((file[from + j - 4]! >> 6) << 4);
    const minimum = j < 4 ? next & 63 : (next >> 4) | ((own >> 6) << 4);
    scales[to + (j >> 1)]! |= (scale & 15) << (4 * (j & 1));
    scales[to + 4 + (j >> 1)]! |= (minimum & 15) << (4 * (j & 1));
    scales[to + 8 + (j >> 2)]! |= (scale >> 4) << (2 * (j & 3));
    scales[to + 10 + (j >> 2)]! |= (minimum >> 4) << (2 * (j & 3));
  }
}

const HALF = new Uint8Array(4);
const HALF_BITS = new DataView(HALF.buffer);

/** A half as an f32, exactly. */
export function halfToFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const MOVES: Partial<Record<BlockFormat, Move>> = {
  Q8_0(file, from, to, quants, _high, scales) {
    copy(file, from, 2, scales, to * 2);
    copy(file, from + 2, 32, quants, to * 32);
  },
  Q4_0(file, from, to, quants, _high, scales) {
    copy(file, from, 2, scales, to * 2);
    copy(file, from + 2, 16, quants, to * 16);
  },
  Q4_1(file, from, to, quants, _high, scales) {
    copy(file, from, 4, scales, to * 4);
    copy(file, from + 4, 16, quants, to * 16);
  },
  Q5_0(file, from, to, quants, high, scales) {
    copy(file, from, 2, scales, to * 2);
    spreadFifthBits((e) => (file[from + 2 + (e >> 3)]! >> (e & 7)) & 1, high, to * 4);
    copy(file, from + 6, 16, quants, to * 16);
  },
  Q5_1(file, from, to, quants, high, scales) {
    copy(file, from, 4, scales, to * 4);
    spreadFifthBits((e) => (file[from + 4 + (e >> 3)]! >> (e & 7)) & 1, high, to * 4);
    copy(file, from + 8, 16, quants, to * 16);
  },
  Q4_K(file, from, to, quants, _high, scales) {
    copy(file, from, 4, scales, to * 2);
    repackScales(file, from + 4, scales, to * 2 + 4);
    for (let pair = 0; pair < 4; pair++)
      splitNibblePair(file, from + 16 + pair * 32, quants, (to + 2 * pair) * 16);
  },
  Q5_K(file, from, to, quants, high, scales) {
    copy(file, from, 4, scales, to * 2);
    repackScales(file, from + 4, scales, to * 2 + 4);
    for (let block = 0; block < 8; block++) {
      spreadFifthBits((e) => (file[from + 16 + e]! >> block) & 1, high, (to + block) * 4);
    }
    for (let pair = 0; pair < 4; pair++)
      splitNibblePair(file, from + 48 + pair * 32, quants, (to + 2 * pair) * 16);
  },
  Q6_K(file, from, to, quants, high, scales) {
    for (let block = 0; block < 8; block++) {
      // Half n (0, 1) has 128 columns, and q is one of its quarters of 32: low bits in ql[64n + 32(q & 1) + l], nibble q >> 1.
      const n = block >> 2;
      const q = block & 3;
      const low = from + 64 * n + 32 * (q & 1);
      const shift = 4 * (q >> 1);
      const bits = from + 128 + 32 * n;
      for (let j = 0; j < 16; j++) {
        quants[(to + block) * 16 + j] =
          ((file[low + j]! >> shift) & 15) | (((file[low + 16 + j]! >> shift) & 15) << 4);
      }
      for (let word = 0; word < 2; word++) {
        for (let b = 0; b < 4; b++) {
          let byte = 0;
          for (let g = 0; g < 4; g++)
            byte |= ((file[bits + 16 * word + 4 * g + b]! >> (2 * q)) & 3) << (2 * g);
          high[(to + block) * 8 + word * 4 + b] = byte;
        }
      }
    }
    const at = (to / 8) * 20;
    HALF_BITS.setFloat32(0, halfToFloat(file[from + 208]! | (file[from + 209]! << 8)), true);
    scales.set(HALF, at);
    copy(file, from + 192, 16, scales, at + 4);
  },
};
