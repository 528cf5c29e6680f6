import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import type { KernelContext } from './context.ts';

/** Halves that there are. */
export const HALVES = 65_536;

/** All halves as f32 into `out`, [65,536], as the blocks of weights decode them. */
export async function decodeHalves(
  { device, pipelines, integerHalves }: KernelContext,
  out: GPUBuffer,
): Promise<Dispatch> {
  const label = 'halves';
  const layout = pipelines.layout(['write']);
  const conditions = integerHalves ? ['integer_halves'] : [];
  return {
    label,
    pipeline: await pipelines.get({ shader: 'halves', conditions, constants: {}, layouts: [layout] }),
    groups: [bindGroup(device, label, layout, [out])],
    across: HALVES / 2 / 64,
    over: 'rows',
    rowsPerGroup: 1,
  };
}
