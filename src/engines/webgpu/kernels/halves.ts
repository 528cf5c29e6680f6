import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import type { KernelContext } from './context.ts';

/** Number of bit patterns of a half. */
export const HALVES = 65_536;

/** Decodes all halves to f32 into `out`, [65,536], with the same code as the blocks of weights. */
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
