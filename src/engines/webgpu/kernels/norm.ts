import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { BATCH_CONSTANTS, groupWidth, type KernelContext, paddedWidth } from './context.ts';

export interface NormWeights {
  /** [width], padded with zeros */
  readonly weight: GPUBuffer;
  /** LayerNorm's; null makes it RMSNorm. */
  readonly bias: GPUBuffer | null;
}

/** y = norm(x), one workgroup per row. With `outputs`, only the rows whose logits are wanted, packed from row 0 of y on. */
export async function norm(
  context: KernelContext,
  request: {
    label: string;
    weights: NormWeights;
    width: number;
    epsilon: number;
    batch: GPUBuffer;
    x: GPUBuffer;
    y: GPUBuffer;
    over: 'rows' | 'outputs';
  },
): Promise<Dispatch> {
  const { device, buffers, pipelines } = context;
  const { label, weights, width, epsilon, batch, x, y, over } = request;
  const gather = over === 'outputs';
  const stride = paddedWidth(width) / 4;
  const layout = pipelines.layout([
    gather ? 'read' : null,
    'uniform',
    'read',
    'write',
    'read',
    ...(weights.bias ? (['read'] as const) : []),
  ]);
  const params = buffers.uniform(`scratch:${label} shape`, [width, stride, stride], [epsilon]);
  const bound = [
    gather ? batch : null,
    params,
    x,
    y,
    weights.weight,
    ...(weights.bias ? [weights.bias] : []),
  ];
  return {
    label,
    pipeline: await pipelines.get({
      shader: 'norm',
      conditions: [...(weights.bias ? ['layer'] : []), ...(gather ? ['gather'] : [])],
      constants: { ...BATCH_CONSTANTS, group_width: groupWidth(context) },
      layouts: [layout],
    }),
    groups: [bindGroup(device, label, layout, bound)],
    across: 1,
    over,
    rowsPerGroup: 1,
  };
}
