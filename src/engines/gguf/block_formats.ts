/**
 * The block formats of a GGUF tensor that this engine reads. A row is cut into blocks of `elements` weights, and
 * a block takes `bytes` bytes. Source: ggml/include/ggml.h (type numbers) and ggml/src/ggml-common.h (blocks).
 */

export type BlockFormat =
  'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q4_K' | 'Q5_K' | 'Q6_K';

export interface BlockLayout {
  /** The format's number in a file. */
  readonly ggmlType: number;
  /** Weights per block. */
  readonly elements: number;
  /** Bytes per block. */
  readonly bytes: number;
}

export const BLOCK_FORMATS: Readonly<Record<BlockFormat, BlockLayout>> = {
  F32: { ggmlType: 0, elements: 1, bytes: 4 },
  F16: { ggmlType: 1, elements: 1, bytes: 2 },
  BF16: { ggmlType: 30, elements: 1, bytes: 2 },
  Q8_0: { ggmlType: 8, elements: 32, bytes: 34 },
  Q4_0: { ggmlType: 2, elements: 32, bytes: 18 },
  Q4_1: { ggmlType: 3, elements: 32, bytes: 20 },
  Q5_0: { ggmlType: 6, elements: 32, bytes: 22 },
  Q5_1: { ggmlType: 7, elements: 32, bytes: 24 },
  Q4_K: { ggmlType: 12, elements: 256, bytes: 144 },
  Q5_K: { ggmlType: 13, elements: 256, bytes: 176 },
  Q6_K: { ggmlType: 14, elements: 256, bytes: 210 },
};

const FORMAT_OF_TYPE = new Map(
  (Object.keys(BLOCK_FORMATS) as BlockFormat[]).map((format) => [BLOCK_FORMATS[format].ggmlType, format]),
);

/** Names of ggml's other types, so that a message can name what the file holds. Removed types keep their old name. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  4: 'Q4_2',
  5: 'Q4_3',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  31: 'Q4_0_4_4',
  32: 'Q4_0_4_8',
  33: 'Q4_0_8_8',
  34: 'TQ1_0',
  35: 'TQ2_0',
  36: 'IQ4_NL_4_4',
  37: 'IQ4_NL_4_8',
  38: 'IQ4_NL_8_8',
  39: 'MXFP4',
  40: 'NVFP4',
};

/** @returns the format with this number in a file, or undefined if this engine does not read it */
export function blockFormatOf(ggmlType: number): BlockFormat | undefined {
  return FORMAT_OF_TYPE.get(ggmlType);
}

/** @returns ggml's name for a type number, for messages */
export function ggmlTypeName(ggmlType: number): string {
  return blockFormatOf(ggmlType) ?? OTHER_TYPES[ggmlType] ?? `type ${ggmlType}`;
}
