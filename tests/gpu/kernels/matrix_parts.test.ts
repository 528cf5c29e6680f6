import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STREAMS } from '../../../src/engines/gguf/repack.ts';
import { describeOnEachAdapter, isBrief } from '../../setup/devices.ts';
import { type Kernels, openKernels } from './fixture.ts';
import { matrixOf, type ProductCase, runProduct } from './product_case.ts';

const TOLERANCE = 1e-5;

/** The pipelines of matrix_product.test.ts, with matrices whose longest stream takes three bindings. */
const CASES: readonly ProductCase[] = [
  { format: 'F32', epilogue: 'store', bias: true, columns: 100, rows: 131 },
  { format: 'Q5_0', epilogue: 'residual', bias: false, columns: 96, rows: 131 },
  // Gate and up lie one after the other in each part.
  { format: 'Q5_1', epilogue: 'swiglu', bias: false, columns: 96, rows: 136 },
  { format: 'Q6_K', epilogue: 'store', bias: false, columns: 512, rows: 131 },
];

describeOnEachAdapter('a matrix longer than one binding', (adapter) => {
  const { gpu } = adapter;
  describe('under default limits', () => {
    let kernels: Kernels;
    beforeAll(async () => void (kernels = await openKernels(gpu, { defaultLimits: true })));
    afterAll(() => kernels.close());

    test.each(isBrief(adapter) ? CASES.slice(0, 1) : CASES)(
      'is split by rows: $format $epilogue',
      async (one) => {
        const { format, columns, rows } = one;
        const rowBytes = Math.max(...STREAMS[format]) * Math.ceil(columns / 32);
        const context = kernels.withBindingLimit(56 * rowBytes + 100);
        const operand = matrixOf(kernels, one, context);
        const { parts } = operand.matrix;
        expect(parts.map((part) => part.firstRow)).toEqual([0, 56, 112]);
        expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(rows);
        for (const { streams } of parts)
          for (const stream of streams) expect(stream?.size ?? 0).toBeLessThanOrEqual(56 * rowBytes);
        for (const tokens of [1, 9]) {
          const { error } = await runProduct(kernels, context, 8, one, operand, tokens);
          expect(error, `${tokens} tokens`).toBeLessThan(TOLERANCE);
        }
      },
    );
  });
});
