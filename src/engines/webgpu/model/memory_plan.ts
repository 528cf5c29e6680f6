import { EngineError } from '../../contract.ts';
import { STREAMS } from '../../gguf/repack.ts';
import type { TensorFile } from '../../gguf/header.ts';
import { MAX_ROWS, MAX_SEQUENCES, PAGE_TOKENS, paddedWidth } from '../kernels/context.ts';
import type { ModelConfig } from './config.ts';

/** Memory that a model will take on the GPU, in bytes, before anything is uploaded. */
export interface MemoryPlan {
  readonly contextLength: number;
  readonly pages: number;
  readonly weights: number;
  readonly kv: number;
  readonly scratch: number;
  readonly total: number;
}

/** Limits of a device, in bytes. */
export type DeviceLimits = Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize' | 'maxBufferSize'>;

/** Upper bound of the KV cache when sixteen full sequences would take more. */
const KV_BUDGET = 256 * 1024 * 1024;

/** Context length when nobody asks for one. */
const DEFAULT_CONTEXT = 4096;

export function kvBytesPerToken({ layers, kvHeads, headDim }: ModelConfig): number {
  return layers * 2 * kvHeads * headDim * 4;
}

/**
 * @param contextLength tokens of the longest sequence; default: the model's own, at most 4,096
 * @throws EngineError `missing-limit` if one layer's keys of such a sequence are longer than a binding may be
 */
export function planMemory(
  file: TensorFile,
  config: ModelConfig,
  limits: DeviceLimits,
  contextLength = DEFAULT_CONTEXT,
): MemoryPlan {
  const context = Math.min(contextLength, config.trainedContext);
  const perPage = kvBytesPerToken(config) * PAGE_TOKENS;
  const needed = Math.ceil(context / PAGE_TOKENS) + MAX_SEQUENCES;
  const wanted = Math.min(needed * MAX_SEQUENCES, Math.floor(KV_BUDGET / perPage));
  const bound = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const pages = Math.min(Math.max(needed, wanted), Math.floor(bound / (perPage / config.layers / 2)));
  if (pages * PAGE_TOKENS < context) {
    throw new EngineError(
      'missing-limit',
      `This graphics adapter binds at most ${bound.toLocaleString('en-GB')} bytes at a time, which hold the keys of ${pages * PAGE_TOKENS} tokens of ${config.name}, not of ${context}; please choose a context of at most ${pages * PAGE_TOKENS}.`,
    );
  }
  const kv = pages * perPage;
  const weights = weightBytes(file);
  const scratch = scratchBytes(config, context);
  return { contextLength: context, pages, weights, kv, scratch, total: weights + kv + scratch };
}

/** Bytes of all tensors in their layout on the GPU. */
function weightBytes(file: TensorFile): number {
  let sum = 0;
  for (const { format, shape } of file.tensors.values()) {
    const [columns = 1, ...rest] = shape;
    const blocks = Math.ceil(columns / 32) * rest.reduce((product, n) => product * n, 1);
    sum += blocks * STREAMS[format].reduce((bytes, stream) => bytes + stream, 0);
  }
  return Math.ceil(sum);
}

/** Floats of each activation row; see `createActivations`. */
export function activationWidths(config: ModelConfig) {
  const { width, heads, kvHeads, headDim, feedForward } = config;
  return {
    residual: paddedWidth(width),
    normed: paddedWidth(width),
    qkv: (heads + 2 * kvHeads) * headDim,
    attended: paddedWidth(heads * headDim),
    hidden: paddedWidth(feedForward),
  };
}

function scratchBytes(config: ModelConfig, context: number): number {
  const row = Object.values(activationWidths(config)).reduce((sum, n) => sum + n, 0);
  return (MAX_ROWS * row + 3 * MAX_SEQUENCES * config.vocabularySize + context * config.rotary) * 4;
}

/** @throws EngineError `out-of-memory` with the arithmetic if `plan` needs more than `available` bytes */
export function checkMemory(plan: MemoryPlan, available: number): void {
  if (plan.total <= available) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en-GB')} MB`;
  throw new EngineError(
    'out-of-memory',
    `The model needs ${mb(plan.total)} of graphics memory (weights ${mb(plan.weights)}, KV cache for ${plan.contextLength.toLocaleString('en-GB')} tokens ${mb(plan.kv)}, scratch ${mb(plan.scratch)}) and ${mb(available)} are available; please choose a smaller model or a shorter context.`,
  );
}
