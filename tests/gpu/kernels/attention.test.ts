import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type AttentionRequest,
  decodeAttention,
  prefillAttention,
} from '../../../src/engines/webgpu/kernels/attention.ts';
import type { KernelContext } from '../../../src/engines/webgpu/kernels/context.ts';
import { describeOnEachAdapter, isBrief } from '../../setup/devices.ts';
import {
  anglesOf,
  EPSILON,
  type HeadCase,
  plainAttention,
  PlainCache,
  type Position,
  prepared,
  projected,
  qkWeights,
} from './attention_case.ts';
import { type Kernels, openKernels, relativeError } from './fixture.ts';

/** Scores of a few units, sums over a few hundred positions in f32. */
const TOLERANCE = 1e-5;
/** Scores near a thousand have an f32 step of 6e-5, which is the relative error of a weight. */
const LARGE_SCORE_TOLERANCE = 1e-3;
/** A key is rotated in f32: two products and a sum. */
const CACHE_TOLERANCE = 1e-6;

const COMMON = { rope: 'none', rotary: 0, qkNorm: false, deviation: 1.2 } as const;
const CASES: readonly HeadCase[] = [
  { ...COMMON, heads: 6, kvHeads: 2, headDim: 16, rope: 'pairs', rotary: 16 },
  { ...COMMON, heads: 3, kvHeads: 1, headDim: 8, rope: 'halves', rotary: 4 },
  // Scores of ± 1000, with the same pipelines.
  { ...COMMON, heads: 3, kvHeads: 1, headDim: 8, rope: 'halves', rotary: 4, deviation: 30 },
  { ...COMMON, heads: 4, kvHeads: 1, headDim: 40, rope: 'pairs', rotary: 20, qkNorm: true },
  // An invocation sums several dimensions, and some invocations sum more than others.
  { ...COMMON, heads: 5, kvHeads: 5, headDim: 80 },
  { ...COMMON, heads: 4, kvHeads: 2, headDim: 128, rope: 'halves', rotary: 128, qkNorm: true },
];
/** The variant for GPUs: 64 positions at a time with unrolled loops, which a CPU's compiler is slow to compile. */
const UNROLLED = [CASES[0]!, CASES[4]!];

const PAGES = 61;
const UNTOUCHED = 12345;
/** Floats behind q | k | v and behind a row of the result. */
const BEHIND = 4;

/** Pages of sequence `s`, neither adjacent nor in order, because 7 generates the numbers below 61. */
const tableOf = (s: number) => Array.from({ length: 10 }, (_, i) => ((s * 10 + i + 1) * 7) % PAGES);

interface Row {
  readonly position: number;
  readonly table: number;
}

describeOnEachAdapter('attention', (adapter) => {
  const { gpu } = adapter;
  const narrow = (isBrief(adapter) ? CASES.slice(0, 1) : CASES).map((one) => ({ ...one, width: 16 }));
  const wide = (isBrief(adapter) ? [] : UNROLLED).map((one) => ({ ...one, width: 64 }));
  describe.each([...narrow, ...wide])(
    '$width wide: $heads heads, $kvHeads KV heads of $headDim, rope $rope over $rotary, qk norm $qkNorm, deviation $deviation',
    ({ width, ...one }) => {
      let kernels: Kernels;
      beforeAll(async () => void (kernels = await openKernels(gpu, { defaultLimits: true })));
      const context = (): KernelContext => ({
        ...kernels.context,
        reducer: width === 16 ? 'rows' : 'tree',
      });
      afterAll(() => kernels.close());

      test('is right for one new token in each of several sequences', async () => {
        // Before, at and past the ends of pages and of the 64 positions that are scored at a time.
        const rows = [0, 31, 32, 64, 200].map((position, table) => ({ position, table }));
        await check(kernels, context(), one, rows, decodeAttention);
      });

      test.each([
        [0, 5],
        [30, 39],
        [126, 66],
      ])('is right for a prompt from position %i on, %i tokens', async (start, count) => {
        const rows = Array.from({ length: count }, (_, i) => ({ position: start + i, table: 2 }));
        await check(kernels, context(), one, rows, prefillAttention);
      });
    },
  );
});

async function check(
  kernels: Kernels,
  context: KernelContext,
  one: HeadCase,
  rows: readonly Row[],
  attention: typeof decodeAttention,
): Promise<void> {
  const { heads, kvHeads, headDim, rope, qkNorm, deviation } = one;
  const cache = new PlainCache(one, PAGES);
  const sequences = new Map<number, Position[]>();
  for (const { table, position } of rows) {
    if (sequences.has(table)) continue;
    const past = Array.from({ length: position }, (_, p) => {
      const { key, value } = projected(one, `${table} ${p}`);
      return { key: prepared(one, key, p, 'key').map(Math.fround), value: Float64Array.from(value) };
    });
    past.forEach((entry, p) => cache.put(tableOf(table), p, entry));
    sequences.set(table, past);
  }

  const qkvStride = (heads + 2 * kvHeads) * headDim + BEHIND;
  const outStride = heads * headDim + BEHIND;
  const qkv = new Float32Array(rows.length * qkvStride).fill(NaN);
  const out = new Float32Array((rows.length + 1) * outStride).fill(UNTOUCHED);
  const expected: Float64Array[] = [];
  const before = [kernels.buffer(cache.keys), kernels.buffer(cache.values)] as const;
  rows.forEach(({ position, table }, i) => {
    const { query, key, value } = projected(one, `row ${i}`);
    qkv.set([...query, ...key, ...value], i * qkvStride);
    out.fill(NaN, i * outStride, i * outStride + heads * headDim);
    const own = { key: prepared(one, key, position, 'key'), value: Float64Array.from(value) };
    cache.put(tableOf(table), position, own);
    const all = sequences.get(table)!;
    all.push(own);
    expected.push(plainAttention(one, prepared(one, query, position, 'query'), all));
  });

  const tables = Array.from({ length: Math.max(...sequences.keys()) + 1 }, (_, s) => tableOf(s));
  const target = kernels.buffer(out);
  const request: AttentionRequest = {
    ...one,
    epsilon: EPSILON,
    batch: kernels.batch(
      rows.map((row) => ({ ...row, token: 0 })),
      [],
      tables,
    ),
    qkv: kernels.buffer(qkv),
    qkvStride,
    angles: rope === 'none' ? null : kernels.buffer(anglesOf(one)),
    qkNorm: qkNorm ? kernels.buffer(qkWeights(one)) : null,
    keys: before[0],
    values: before[1],
    out: target,
    outStride,
  };
  kernels.run(await attention(context, request), { rows: rows.length });

  const after = await kernels.read(target);
  const tolerance = deviation > 10 ? LARGE_SCORE_TOLERANCE : TOLERANCE;
  expected.forEach((row, i) => {
    const result = after.subarray(i * outStride, i * outStride + row.length);
    expect(relativeError(result, row), `row ${i}, position ${rows[i]!.position}`).toBeLessThan(tolerance);
  });
  const outside = [...after].filter(
    (_, i) => i % outStride >= heads * headDim || i >= rows.length * outStride,
  );
  expect(outside.every((value) => value === UNTOUCHED)).toBe(true);

  // The new entries are written, the old ones are unchanged, and the rest is untouched.
  expect(cacheError(await kernels.read(before[0]), cache.keys) / deviation).toBeLessThan(CACHE_TOLERANCE);
  expect(cacheError(await kernels.read(before[1]), cache.values)).toBe(0);
  expect([...cache.keys].filter((value) => !Number.isNaN(value)).length).toBe(
    [...sequences.values()].reduce((sum, all) => sum + all.length, 0) * kvHeads * headDim,
  );
}

/** Largest distance, relative to numbers of about one; infinite if only one of them is NaN. */
function cacheError(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  actual.forEach((value, i) => {
    const other = expected[i]!;
    if (Number.isNaN(value) !== Number.isNaN(other)) error = Infinity;
    else if (!Number.isNaN(value)) error = Math.max(error, Math.abs(value - other));
  });
  return error;
}
