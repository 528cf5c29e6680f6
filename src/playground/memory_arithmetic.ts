/** Estimates a model's memory from its figures alone, by the arithmetic of the engine's memory plan. */

/** Bits per weight in each format, scales included, from the block sizes in ggml/src/ggml-common.h. */
export const bitsPerWeight = {
  F32: 32,
  'F16, BF16': 16,
  Q8_0: 8.5,
  Q6_K: 6.5625,
  Q5_K: 5.5,
  Q4_K: 4.5,
  Q4_0: 4.5,
} as const;

export interface ModelNumbers {
  readonly parameters: number;
  readonly bitsPerWeight: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headLength: number;
  /** Tokens. */
  readonly context: number;
  /** Bytes of one number in the KV cache: 4 here, 2 in most servers. */
  readonly kvBytes: number;
}

export interface MemoryEstimate {
  /** Bytes. */
  readonly weights: number;
  readonly kv: number;
  readonly kvPerToken: number;
  readonly total: number;
}

/** Counts the weights, and a key and a value per token, layer and KV head. Scratch memory is small beside them. */
export function estimateMemory(numbers: ModelNumbers): MemoryEstimate {
  const weights = (numbers.parameters * numbers.bitsPerWeight) / 8;
  const kvPerToken = 2 * numbers.layers * numbers.kvHeads * numbers.headLength * numbers.kvBytes;
  const kv = kvPerToken * numbers.context;
  return { weights, kv, kvPerToken, total: weights + kv };
}
