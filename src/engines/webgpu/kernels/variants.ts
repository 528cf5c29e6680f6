import type { OpenDevice } from '../gpu/device.ts';
import type { ProductShape } from './matrix_product.ts';

/**
 * How a matrix product adds up. `tree` runs everywhere. `subgroups` is the same tree with shuffles at its lower levels, and gives
 * the same bits. It needs a known subgroup size (`subgroupSize`) and invocation t on lane t % size, which WGSL does not promise:
 * if the self-test finds otherwise, `tree` takes over. `rows` has no barriers, for CPUs that emulate a GPU, and an order of its
 * own. Within each reducer, 1, 2, 4 and 8 tokens have separate pipelines that give the same bits. The tile for prompts has other
 * bits, and again others with `f16`, which rounds its weights to halves.
 */
export type Reducer = 'rows' | 'tree' | 'subgroups';

/** Chooses between several implementations of each kernel on a device. The self-test (selftest/) excludes those that fail. */
export interface Variants {
  readonly reducer: Reducer;
  readonly f16: boolean;
  /** Halves are decoded by integer arithmetic, for drivers that flush subnormal ones to zero. */
  readonly integerHalves: boolean;
  /** Invocations per subgroup if that is one number known in advance; 0 if it varies or there are no subgroups. */
  readonly subgroupSize: number;
  /** Prompts are read in tiles of 64 tokens. */
  readonly tiles: boolean;
  /** Batches of 2, 4 and 8 have pipelines of their own. */
  readonly shapes: boolean;
  /** The GPU summarises logits. */
  readonly summaries: boolean;
}

/** The fastest variants on a device. A CPU that emulates a GPU pays for barriers; a GPU is fastest with subgroups. */
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

/** Tiles for a prompt; for steps the smallest shape that takes this many rows in one group. */
export function shapeFor(
  { reducer, subgroupSize, shapes, tiles }: Variants,
  rows: number,
  mode: 'decode' | 'prefill',
): ProductShape {
  // Even for a few rows: the bits of a prompt's keys and values must not depend on how the prompt was cut.
  if (tiles && mode === 'prefill') return 'tile';
  // If lanes cannot share loads, a separate shader for one row is not worth compiling.
  const one = reducer === 'rows' && subgroupSize !== 8 ? 8 : 1;
  if (!shapes || rows === 1) return one;
  if (reducer === 'rows') return 8;
  return rows === 2 ? 2 : rows <= 4 ? 4 : 8;
}
