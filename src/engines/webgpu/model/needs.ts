import { WITHOUT_HALVES } from '../kernels/context.ts';
import type { Matrix } from '../kernels/matrix.ts';
import type { Epilogue } from '../kernels/matrix_product.ts';
import { shapeFor, type Variants } from '../kernels/variants.ts';
import type { Need } from '../selftest/self_test.ts';
import { type Model, type PassMode, planUp } from './forward.ts';

/** The parts of a pass that have plans. */
export type PlanKind = PassMode | 'head' | 'summary';

/** The kernel variants that a plan of `forward.ts` uses, which the self-test must prove before it runs. May hold duplicates. */
export function needsOf(
  { config, weights }: Pick<Model, 'config' | 'weights'>,
  kind: PlanKind,
  rows: number,
  variants: Variants,
): Need[] {
  if (kind === 'summary') return variants.summaries ? [{ kind: 'summary' }] : [];
  const shape = shapeFor(variants, rows, kind === 'prefill' ? 'prefill' : 'decode');
  const alone = shapeFor(variants, 1, 'decode');
  const product = (
    { format, blocks }: Matrix,
    epilogue: Epilogue,
    bias: GPUBuffer | null,
    over: 'rows' | 'outputs' = 'rows',
  ): Need[] => [
    { kind: 'product', format, epilogue, bias: bias !== null, over, wide: blocks > 32, shape, alone },
    ...(WITHOUT_HALVES.has(format) ? [] : [{ kind: 'halves' } as const]),
  ];
  if (kind === 'head') {
    return [
      { kind: 'norm', layer: weights.outputNorm.bias !== null, over: 'outputs' },
      ...product(weights.head, 'store', null, 'outputs'),
    ];
  }
  const { architecture, headDim, rotary } = config;
  return [
    { kind: 'embedding', format: weights.embedding.format, by: 'token' },
    ...(weights.positions
      ? [{ kind: 'embedding', format: weights.positions.format, by: 'position' } as const]
      : []),
    { kind: 'attention', headDim, rope: architecture.rope, rotary, qkNorm: architecture.qkNorm },
    ...weights.layers.flatMap((layer): Need[] => [
      { kind: 'norm', layer: layer.attentionNorm.bias !== null, over: 'rows' },
      ...layer.qkv.flatMap(({ matrix }) => product(matrix, 'store', layer.qkvBias)),
      ...product(layer.output, 'residual', layer.outputBias),
      ...planUp(layer, architecture.activation).flatMap(({ matrix, epilogue }) =>
        product(matrix, epilogue, layer.upBias),
      ),
      ...product(layer.down, 'residual', layer.downBias),
    ]),
  ];
}
