import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BLOCK_FORMATS, type BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import type { Reducer } from '../../../src/engines/webgpu/kernels/variants.ts';
import type { Epilogue, ProductShape } from '../../../src/engines/webgpu/kernels/matrix_product.ts';
import { describeOnEachAdapter, isBrief, type TestAdapter } from '../../setup/devices.ts';
import { FEATURE_SETS, type Kernels, openKernels } from './fixture.ts';
import { matrixOf, type ProductCase, runProduct } from './product_case.ts';

/** Sums of f32 over some thousand products of either sign: a few units of 2⁻²⁴ of the largest. */
const F32_TOLERANCE = 1e-5;
/** With f16 the tile keeps 11 bits of a weight; errors of either sign add up to less than one of them. */
const F16_TOLERANCE = 1e-3;

const EPILOGUES: readonly Epilogue[] = ['store', 'residual', 'swiglu', 'gelu', 'gated'];

/**
 * Every format, and among them each epilogue twice: without a bias, and with one if such a product has a caller.
 * All 11 × 5 × 2 would take minutes to compile. Row counts are odd, and columns do not fill a block if the format allows it.
 */
const CASES: readonly ProductCase[] = (Object.keys(BLOCK_FORMATS) as BlockFormat[]).map((format, i) => {
  const epilogue = EPILOGUES[i % EPILOGUES.length]!;
  const paired = epilogue === 'swiglu';
  const { elements } = BLOCK_FORMATS[format];
  return {
    format,
    epilogue,
    bias: !paired && i < EPILOGUES.length,
    columns: elements === 1 ? 100 : elements === 32 ? 96 : 512,
    rows: paired ? 136 : 131,
  };
});

/** Above 32 blocks per row workgroups are wider, and above 64 an invocation takes more than one block. */
const WIDE: ProductCase = { format: 'Q8_0', epilogue: 'store', bias: false, columns: 2112, rows: 7 };

/** Eight columns cost LLVM ten seconds with subgroups, so one case stands for the wider shapes. */
const IN_EVERY_SHAPE = CASES[0]!;

/** Every other case. Both sets of features make these pipelines, so they take turns. */
const half = (from: 0 | 1) => CASES.filter((_, i) => i % 2 === from);

/** Only the first adapter tests every format. */
const some = (adapter: TestAdapter, cases: readonly ProductCase[], most = 1) =>
  isBrief(adapter) ? cases.slice(0, most) : cases;

describeOnEachAdapter('a matrix product', (adapter) => {
  const { gpu } = adapter;
  describe.each(FEATURE_SETS)('%s', (_, options) => {
    const plain = options.without !== undefined;
    const reducer: Reducer = plain ? 'tree' : 'subgroups';
    let kernels: Kernels;
    beforeAll(async () => void (kernels = await openKernels(gpu, options)));
    afterAll(() => kernels.close());

    /** @returns the results of the last count */
    const check = async (by: Reducer, shape: ProductShape, one: ProductCase, counts: readonly number[]) => {
      const context = { ...kernels.context, reducer: by };
      const halved = shape === 'tile' && context.f16 && one.format !== 'F32' && one.format !== 'BF16';
      const operand = matrixOf(kernels, one);
      let results: Float32Array[] = [];
      for (const tokens of counts) {
        const run = await runProduct(kernels, context, shape, one, operand, tokens);
        expect(run.error, `${tokens} tokens`).toBeLessThan(halved ? F16_TOLERANCE : F32_TOLERANCE);
        results = run.results;
      }
      return results;
    };

    test.each(some(adapter, plain ? half(1) : CASES, plain ? 1 : 4))(
      'is right with some rows per invocation: $format $epilogue, bias $bias',
      async (one) => {
        await check('rows', 8, one, [1, 3, 16, 37]);
      },
    );

    test.each(some(adapter, half(plain ? 1 : 0), plain ? 0 : 1))(
      'is right in tiles: $format $epilogue, bias $bias',
      async (one) => {
        await check('rows', 'tile', one, [17, 65]);
      },
    );

    const others = CASES.filter(({ format }) => !plain || format === 'F16');
    test.each(some(adapter, [WIDE, ...others], 2))(
      `a workgroup two rows, by a tree and with the same bits by ${reducer}: $format $epilogue, bias $bias, $columns columns`,
      async (one) => {
        const sums = await check('tree', 1, one, [1, 9]);
        expect(await check(reducer, 1, one, [1, 9])).toEqual(sums);
      },
    );

    if (isBrief(adapter)) return;
    test('has the same bits with one token per workgroup as with many', async () => {
      const alone = await check('rows', 1, IN_EVERY_SHAPE, [37]);
      expect(await check('rows', 8, IN_EVERY_SHAPE, [37])).toEqual(alone);
    });

    test('has the same bits with 1, 2, 4 or 8 columns per workgroup', async () => {
      const alone = await check(reducer, 1, IN_EVERY_SHAPE, [11]);
      for (const shape of [2, 4, 8] as const)
        expect(await check(reducer, shape, IN_EVERY_SHAPE, [shape, 11]), `${shape} columns`).toEqual(alone);
    });
  });
});
