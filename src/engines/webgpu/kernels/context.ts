import type { BlockFormat } from '../../gguf/block_formats.ts';
import type { Buffers } from '../gpu/buffers.ts';
import type { Pipelines } from '../gpu/pipelines.ts';
import type { Waiting } from '../gpu/waiting.ts';
import type { Variants } from './variants.ts';

/** What every kernel needs in order to be created. */
export interface KernelContext extends Variants {
  readonly device: GPUDevice;
  readonly buffers: Buffers;
  readonly pipelines: Pipelines;
  readonly waiting: Waiting;
}

/**
 * Maximum of rows in one forward pass: the length of a prefill chunk. It is a multiple of the 64-token tile. It is also short
 * enough that, with a billion parameters on a slow GPU, a submit ends before the operating system kills it (about 2 s).
 */
export const MAX_ROWS = 128;

/** Tokens per KV page. */
export const PAGE_TOKENS = 32;

/** Maximum of sequences in one decode step; also the number of page tables. */
export const MAX_SEQUENCES = 16;

/** Numbers that shaders import from `constants`. */
export const BATCH_CONSTANTS = { max_rows: MAX_ROWS, page_size: PAGE_TOKENS };

/** Block formats that store no halves. */
export const WITHOUT_HALVES: ReadonlySet<BlockFormat> = new Set<BlockFormat>(['F32', 'BF16', 'Q6_K']);

/** Conditions of a format's module under shaders/blocks/. */
export function blockConditions(
  { f16, integerHalves }: Pick<KernelContext, 'f16' | 'integerHalves'>,
  format: BlockFormat,
): string[] {
  if (integerHalves && !WITHOUT_HALVES.has(format)) return ['integer_halves'];
  return f16 && format === 'F16' ? ['f16'] : [];
}

/**
 * Invocations per workgroup in shaders with barriers. The `rows` reducer is for adapters on a CPU, where each invocation that a
 * barrier stops costs extra work, and two subgroups are enough.
 */
export function groupWidth({ reducer }: Pick<KernelContext, 'reducer'>): number {
  return reducer === 'rows' ? 16 : 64;
}

/** Floats from one row of activations to the next: a multiple of the 32 columns of a block, padded with zeros. */
export function paddedWidth(width: number): number {
  return Math.ceil(width / 32) * 32;
}
