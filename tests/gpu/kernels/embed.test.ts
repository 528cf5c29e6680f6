import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BLOCK_FORMATS, type BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import { type KernelContext, paddedWidth } from '../../../src/engines/webgpu/kernels/context.ts';
import { embed } from '../../../src/engines/webgpu/kernels/embed.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';
import { FEATURE_SETS, type Kernels, openKernels, random, type TestMatrix } from './fixture.ts';

/** A weight is one or two roundings of f32 from its value; unquantised ones are exact. */
const TOLERANCE = 3e-7;
const ROWS = 45;
const ENTRIES = [0, 44, 7, 7, 31, 32, 8, 15, 16, 43, 1];
const UNTOUCHED = 12345;

const CASES = (Object.keys(BLOCK_FORMATS) as BlockFormat[]).map((format) => {
  const { elements } = BLOCK_FORMATS[format];
  // More than 64 blocks per row, so that a row takes two workgroups; the last block is partial if the format allows it.
  return { format, columns: elements === 1 ? 2100 : elements === 32 ? 96 : 256 };
});

describeOnEachAdapter('an embedding', ({ name, gpu }) => {
  describe.each(FEATURE_SETS)('%s', (_, options) => {
    let kernels: Kernels;
    beforeAll(async () => void (kernels = await openKernels(gpu, options)));
    afterAll(() => kernels.close());

    const cases = name === 'swiftshader' ? CASES.slice(0, 2) : CASES;

    test.each(cases)('by token, $format', async ({ format, columns }) => {
      const operand = kernels.matrix({ name: 'embedding', format, rows: ROWS, columns });
      await check(kernels, kernels.context, operand, 'token');
    });

    test.each(cases.slice(0, 2))(
      'by position, added to the residual, $format',
      async ({ format, columns }) => {
        const operand = kernels.matrix({ name: 'positions', format, rows: ROWS, columns });
        await check(kernels, kernels.context, operand, 'position');
      },
    );

    test('by token, with a table split over bindings', async () => {
      // 16 rows of 3 blocks of 128 bytes fit: parts of 16, 16 and 13 rows, the last with fewer.
      const context = kernels.withBindingLimit(16 * 3 * 128 + 64);
      const operand = kernels.matrix({ name: 'split', format: 'F32', rows: ROWS, columns: 96 }, context);
      expect(operand.matrix.parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
        [0, 16],
        [16, 16],
        [32, 13],
      ]);
      await check(kernels, context, operand, 'token');
      await check(kernels, context, operand, 'position');
    });
  });
});

async function check(
  kernels: Kernels,
  context: KernelContext,
  { matrix, weights: [weights] }: TestMatrix,
  by: 'token' | 'position',
): Promise<void> {
  const { columns } = matrix;
  const xStride = paddedWidth(columns);
  const rows = ENTRIES.map((entry) => ({ token: 40, position: 41, table: 0, [by]: entry }));
  const x = new Float32Array((ENTRIES.length + 1) * xStride).fill(UNTOUCHED);
  const before = rows.map((_, i) =>
    by === 'position' ? random(`x ${i}`, columns) : new Float32Array(columns),
  );
  before.forEach((row, i) => {
    x.fill(by === 'position' ? 0 : NaN, i * xStride, (i + 1) * xStride);
    if (by === 'position') x.set(row, i * xStride);
  });
  const target = kernels.buffer(x);
  const plan = await embed(context, { matrix, batch: kernels.batch(rows), x: target, xStride, by });
  kernels.run(plan, { rows: rows.length });
  const after = await kernels.read(target);

  let error = 0;
  ENTRIES.forEach((entry, row) => {
    for (let i = 0; i < xStride; i++) {
      // The padding of the last block is zero, because a product reads it.
      const weight = i < columns ? weights![entry * columns + i]! : 0;
      const expected = weight + (i < columns ? before[row]![i]! : 0);
      const scale = Math.max(Math.abs(weight), Math.abs(expected), 1e-30);
      const own = Math.abs(after[row * xStride + i]! - expected) / scale;
      if (!(own <= error)) error = own;
    }
  });
  expect(error).toBeLessThan(TOLERANCE);
  expect([...after.subarray(ENTRIES.length * xStride)].every((value) => value === UNTOUCHED)).toBe(true);
}
