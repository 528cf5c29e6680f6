import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { BATCH_CONSTANTS, blockConditions, type KernelContext } from './context.ts';
import type { Matrix } from './matrix.ts';

/**
 * x[row] = table[token of row], or x[row] += table[position of row]. One dispatch per part of the table.
 * Its label begins with `gather:`, since it reads only some rows of the table.
 */
export function embed(
  context: KernelContext,
  request: { matrix: Matrix; batch: GPUBuffer; x: GPUBuffer; xStride: number; by: 'token' | 'position' },
): Promise<Dispatch[]> {
  const { device, buffers, pipelines } = context;
  const { matrix, batch, x, xStride, by } = request;
  const label = `gather:${by} embedding`;
  const layout = pipelines.layout(['read', 'uniform', 'write']);
  return Promise.all(
    matrix.parts.map(async (part) => {
      const shape = [part.firstRow, part.rows, matrix.blocks, xStride / 4];
      const params = buffers.uniform(`scratch:${label} shape`, shape);
      return {
        label,
        pipeline: await pipelines.get({
          shader: 'embed',
          block: matrix.format.toLowerCase(),
          conditions: [
            ...(by === 'position' ? ['positions'] : []),
            ...blockConditions(context, matrix.format),
          ],
          constants: BATCH_CONSTANTS,
          layouts: [layout, matrix.layout],
        }),
        groups: [bindGroup(device, label, layout, [batch, params, x]), part.group],
        across: Math.ceil(matrix.blocks / 64),
        over: 'rows' as const,
        rowsPerGroup: 1,
      };
    }),
  );
}
