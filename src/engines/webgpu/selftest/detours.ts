import type { Variants } from '../kernels/variants.ts';

/** A change of variants that avoids something that an adapter computes wrongly. */
export interface Detour {
  readonly name: string;
  /** The variants without the faulty part; null if they do not use it. */
  readonly change: (variants: Variants) => Variants | null;
  /** @param what came out wrong, e.g. “products with Q4_K weights” */
  readonly sentence: (what: string) => string;
  /** It leaves earlier results valid, so that it may be taken while a model runs. */
  readonly later?: boolean;
}

/** In the order in which they are tried: those that cost least speed come first. */
export const DETOURS: readonly Detour[] = [
  {
    name: 'subgroups',
    change: (v) =>
      v.reducer === 'subgroups'
        ? { ...v, reducer: 'tree', subgroupSize: 0 }
        : v.subgroupSize > 0
          ? { ...v, subgroupSize: 0 }
          : null,
    sentence: (what) =>
      `This graphics adapter gets ${what} wrong with subgroup operations, so the engine does without them here.`,
  },
  {
    name: 'f16',
    change: (v) => (v.f16 ? { ...v, f16: false } : null),
    sentence: (what) =>
      `This graphics adapter gets ${what} wrong with 16-bit arithmetic, so the engine uses 32 bits here.`,
  },
  {
    name: 'halves',
    change: (v) => (v.integerHalves ? null : { ...v, integerHalves: true }),
    sentence: (what) =>
      `This graphics adapter gets ${what} wrong when it unpacks 16-bit numbers, so the engine unpacks them by integer arithmetic here.`,
  },
  {
    name: 'tiles',
    change: (v) => (v.tiles ? { ...v, tiles: false } : null),
    sentence: (what) =>
      `This graphics adapter gets ${what} wrong in tiles of 64 tokens, so prompts are read a few tokens at a time here, which takes longer.`,
  },
  {
    name: 'shapes',
    change: (v) => (v.shapes ? { ...v, shapes: false } : null),
    sentence: (what) =>
      `This graphics adapter computes ${what} differently for one text than for several, so one pipeline computes both here, and several texts at once take longer.`,
    later: true,
  },
  {
    name: 'barriers',
    change: (v) => (v.reducer === 'rows' ? null : { ...v, reducer: 'rows', subgroupSize: 0 }),
    sentence: (what) =>
      `This graphics adapter gets ${what} wrong where invocations add up together, so each sums whole rows here, which takes longer.`,
  },
  {
    name: 'summaries',
    change: (v) => (v.summaries ? { ...v, summaries: false } : null),
    sentence: (what) => `This graphics adapter gets ${what} wrong, so the CPU computes them here.`,
    later: true,
  },
];
