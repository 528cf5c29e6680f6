import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paddedWidth } from '../../../src/engines/webgpu/kernels/context.ts';
import { norm } from '../../../src/engines/webgpu/kernels/norm.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';
import { type Kernels, openKernels, random, randomRows, relativeError } from './fixture.ts';

/** A sum of some thousand squares, a square root and two products in f32. */
const TOLERANCE = 3e-6;
const UNTOUCHED = 12345;

interface Case {
  readonly kind: 'rms' | 'layer';
  readonly over: 'rows' | 'outputs';
  readonly width: number;
  readonly epsilon: number;
  /** Added to every number, so that a variance without subtraction of the mean is wrong. */
  readonly shift?: number;
  readonly scale?: number;
}

const CASES: readonly Case[] = [
  { kind: 'rms', over: 'rows', width: 4, epsilon: 1e-5 },
  { kind: 'rms', over: 'rows', width: 100, epsilon: 1e-6 },
  { kind: 'rms', over: 'rows', width: 1028, epsilon: 1e-5, scale: 1e4 },
  { kind: 'rms', over: 'outputs', width: 288, epsilon: 1e-5 },
  // The mean square is far below epsilon.
  { kind: 'rms', over: 'outputs', width: 36, epsilon: 1e-2, scale: 1e-3 },
  { kind: 'layer', over: 'rows', width: 100, epsilon: 1e-5 },
  { kind: 'layer', over: 'rows', width: 772, epsilon: 1e-5, shift: 20 },
  { kind: 'layer', over: 'outputs', width: 288, epsilon: 1e-5 },
];

const ROWS = 19;
const OUTPUTS = [18, 0, 7, 3];

describeOnEachAdapter('a norm', ({ gpu }) => {
  describe('under default limits', () => {
    let kernels: Kernels;
    beforeAll(async () => void (kernels = await openKernels(gpu, { defaultLimits: true })));
    afterAll(() => kernels.close());

    const groups = (['rows', 'tree'] as const).flatMap((reducer) =>
      CASES.map((one) => ({ ...one, reducer })),
    );
    test.each(groups)('$kind over $over, width $width, epsilon $epsilon, for $reducer', async (one) => {
      const { kind, over, width, epsilon, shift = 0, scale = 1 } = one;
      const stride = paddedWidth(width);
      const x = randomRows('norm', ROWS, width, ROWS + 1);
      for (let i = 0; i < ROWS * stride; i++) if (i % stride < width) x[i] = x[i]! * scale + shift;
      const gain = random('gain', width);
      const bias = kind === 'layer' ? random('bias', width) : null;
      const sources = over === 'rows' ? Array.from({ length: ROWS }, (_, i) => i) : OUTPUTS;
      const y = new Float32Array((ROWS + 1) * stride).fill(UNTOUCHED);
      sources.forEach((_, i) => y.fill(NaN, i * stride, i * stride + width));

      const target = kernels.buffer(y);
      const rows = Array.from({ length: ROWS }, () => ({ token: 0, position: 0, table: 0 }));
      const dispatch = await norm(
        { ...kernels.context, reducer: one.reducer },
        {
          ...{ label: 'norm', width, epsilon, over },
          weights: { weight: kernels.buffer(gain), bias: bias && kernels.buffer(bias) },
          batch: kernels.batch(rows, OUTPUTS),
          x: kernels.buffer(x),
          y: target,
        },
      );
      kernels.run([dispatch], { rows: ROWS, outputs: OUTPUTS.length });
      const after = await kernels.read(target);

      sources.forEach((row, i) => {
        const source = Float64Array.from(x.subarray(row * stride, row * stride + width));
        const expected = plainNorm(source, gain, bias, epsilon);
        const result = after.subarray(i * stride, i * stride + width);
        expect(relativeError(result, expected), `row ${row}`).toBeLessThan(TOLERANCE * (1 + shift));
      });
      const untouched = [...after].filter(
        (_, i) => i % stride >= width || Math.floor(i / stride) >= sources.length,
      );
      expect(untouched.every((value) => value === UNTOUCHED)).toBe(true);
    });
  });
});

function plainNorm(
  x: Float64Array,
  gain: Float32Array,
  bias: Float32Array | null,
  epsilon: number,
): Float64Array {
  const mean = bias ? x.reduce((a, b) => a + b, 0) / x.length : 0;
  const square = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(square + epsilon)) * gain[i]! + (bias?.[i] ?? 0));
}
