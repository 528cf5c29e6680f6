import type { OpenDevice } from '../gpu/device.ts';
import type { ProductShape } from './matrix_product.ts';

/**
 * How a matrix product adds up: which shader, and with what. `tree` runs everywhere. `subgroups` is the same tree, its lower
 * levels shuffles: the same bits. It wants a size of subgroups that is known (`subgroupSize`) and invocation t to be lane
 * t % size, which WGSL does not promise: where the self-test finds otherwise, `tree` takes over. `rows` has no barriers, for
 * CPUs that play the GPU, and an order of its own. With each of them 1, 2, 4 and 8 tokens have pipelines of their own and the
 * same bits; the tile of a prompt has its own, with and without `f16`, which rounds its weights to halves.
 */
export type Reducer = 'rows' | 'tree' | 'subgroups';

/** Which of several ways each kernel goes on a device. The self-test (selftest/) leaves those aside that come out wrong. */
export interface Variants {
  readonly reducer: Reducer;
  readonly f16: boolean;
  /** Halves are decoded by integer arithmetic, for drivers that flush subnormal ones to zero. */
  readonly integerHalves: boolean;
  /** Invocations of a subgroup where that is one number known beforehand; 0 where it varies or there are none. */
  readonly subgroupSize: number;
  /** Prompts are read in tiles of 64 tokens. */
  readonly tiles: boolean;
  /** Batches of 2, 4 and 8 have pipelines of their own. */
  readonly shapes: boolean;
  /** The GPU sums up logits. */
  readonly summaries: boolean;
}

/** What a device does best. Barriers are what a CPU that plays the GPU pays for; a GPU is quickest with subgroups. */
export function bestVariants(
  { software, features, subgroupSize }: Pick<OpenDevice, 'software' | 'features' | 'subgroupSize'>,
  reducer: Reducer = software ? 'rows' : subgroupSize > 0 ? 'subgroups' : 'tree',
): Variants {
  return {
    reducer,
    f16: features.has('shader-f16'),
    integerHalves: false,
    subgroupSize,
    tiles: reducer !== 'rows',
    shapes: true,
    summaries: true,
  };
}

/** Tiles for a prompt; for steps the smallest shape that takes so many rows in one group. */
export function shapeFor(
  { reducer, subgroupSize, shapes, tiles }: Variants,
  rows: number,
  mode: 'decode' | 'prefill',
): ProductShape {
  // However few rows: the bits of a prompt's keys and values do not depend on how it was cut.
  if (tiles && mode === 'prefill') return 'tile';
  // Where loads cannot be shared between lanes, a shader of its own for one row is not worth its compiling.
  const one = reducer === 'rows' && subgroupSize !== 8 ? 8 : 1;
  if (!shapes || rows === 1) return one;
  if (reducer === 'rows') return 8;
  return rows === 2 ? 2 : rows <= 4 ? 4 : 8;
}
