import type { BlockFormat } from '../../gguf/block_formats.ts';
import type { Buffers } from '../gpu/buffers.ts';
import type { Pipelines } from '../gpu/pipelines.ts';
import type { Waiting } from '../gpu/waiting.ts';
import type { Variants } from './variants.ts';

/** What every kernel is made with. */
export interface KernelContext extends Variants {
  readonly device: GPUDevice;
  readonly buffers: Buffers;
  readonly pipelines: Pipelines;
  readonly waiting: Waiting;
}

/**
 * Rows of one forward pass at most: the length of a prefill chunk. A multiple of the 64-token tile, and short enough that
 * a slow GPU with a model of a billion parameters ends a submit before the operating system ends it (about 2 s).
 */
export const MAX_ROWS = 128;

/** Tokens of one KV page. */
export const PAGE_TOKENS = 32;

/** Sequences of one decode step, and page tables. */
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
 * Invocations of a workgroup that has barriers. On a CPU, which the `rows` reducer is for, each that a barrier stops is work
 * of its own, and two subgroups are enough.
 */
export function groupWidth({ reducer }: Pick<KernelContext, 'reducer'>): number {
  return reducer === 'rows' ? 16 : 64;
}

/** Rows of activations lie this many floats apart: a multiple of the 32 columns of a block, the rest zero. */
export function paddedWidth(width: number): number {
  return Math.ceil(width / 32) * 32;
}
