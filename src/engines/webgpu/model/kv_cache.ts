import type { Buffers } from '../gpu/buffers.ts';
import { PAGE_TOKENS } from '../kernels/context.ts';
import type { ModelConfig } from './config.ts';

/** Keys and values of every layer, in pages of 32 tokens; layouts in shaders/common/heads.wgsl. Allocated once. */
export interface KvCache {
  readonly keys: readonly GPUBuffer[];
  readonly values: readonly GPUBuffer[];
  /** Bytes per page in one buffer. */
  readonly pageBytes: number;
  /** Holds one page while it is copied. */
  readonly spare: GPUBuffer;
}

export function createKvCache(buffers: Buffers, config: ModelConfig, pages: number): KvCache {
  const pageBytes = PAGE_TOKENS * config.kvHeads * config.headDim * 4;
  const make = (what: string) =>
    Array.from({ length: config.layers }, (_, i) => buffers.storage(`kv:${what} ${i}`, pages * pageBytes));
  return {
    keys: make('keys'),
    values: make('values'),
    pageBytes,
    spare: buffers.storage('kv:spare page', pageBytes),
  };
}

/** Records the copy of a page in every layer. A fork pays for this when it first writes into a page that it shares. */
export function copyPage(encoder: GPUCommandEncoder, cache: KvCache, source: number, target: number): void {
  const { keys, values, pageBytes, spare } = cache;
  for (const buffer of [...keys, ...values]) {
    // WebGPU does not allow a copy within one buffer.
    encoder.copyBufferToBuffer(buffer, source * pageBytes, spare, 0, pageBytes);
    encoder.copyBufferToBuffer(spare, 0, buffer, target * pageBytes, pageBytes);
  }
}
