import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  logitSummary,
  readSummary,
  SUMMARY_TOP,
  SUMMARY_WORDS,
} from '../../../src/engines/webgpu/kernels/logit_summary.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';
import { type Kernels, openKernels, random } from './fixture.ts';

/** A sum of some hundred exponentials in f32, and its logarithm. */
const TOLERANCE = 1e-5;

/** Vocabulary size, logits of a row, the next token. */
const CASES: readonly (readonly [string, Float32Array, number | undefined])[] = [
  ['fewer tokens than are listed', random('a', 20, 2), 19],
  ['an odd vocabulary', random('b', 1009, 3), 17],
  ['sharp, far from zero', random('c', 777, 40).map((value) => value + 500), 0],
  ['all alike', new Float32Array(300).fill(-3), 299],
  ['ties', random('d', 600, 2).map(Math.round), 311],
  ['no next token', random('e', 513), undefined],
];

describeOnEachAdapter('the summary of a row of logits', ({ gpu }) => {
  describe('under default limits', () => {
    let kernels: Kernels;
    beforeAll(async () => void (kernels = await openKernels(gpu, { defaultLimits: true })));
    afterAll(() => kernels.close());

    test.each(CASES)('%s', async (_, logits, next) => {
      // The tested row is the second of three outputs.
      const size = logits.length;
      const all = new Float32Array(3 * size);
      all.set(logits, size);
      const out = kernels.buffer(new Float32Array(4 * SUMMARY_WORDS).fill(NaN));
      const rows = [undefined, undefined, undefined, next].map((token) => ({
        ...{ token: 0, position: 0, table: 0 },
        next: token,
      }));
      const dispatch = await logitSummary(kernels.context, {
        batch: kernels.batch(rows, [0, 3, 1]),
        logits: kernels.buffer(all),
        out,
        vocabularySize: size,
      });
      kernels.run([dispatch], { rows: 4, outputs: 3 });
      const after = await kernels.read(out);
      const summary = readSummary(after, 1, size, next);

      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
      const highest = logits[order[0]!]!;
      const sum = logits.reduce((total, value) => total + Math.exp(value - highest), 0);
      const logNormaliser = highest + Math.log(sum);
      const entropy = -logits.reduce(
        (total, value) => total + Math.exp(value - logNormaliser) * (value - logNormaliser),
        0,
      );
      expect(Math.abs(summary.logNormaliser / logNormaliser - 1)).toBeLessThan(TOLERANCE);
      expect(Math.abs(summary.entropy - entropy)).toBeLessThan(TOLERANCE * Math.log(size));
      expect(summary.top).toEqual(
        order.slice(0, SUMMARY_TOP).map((token) => ({ token, logit: logits[token] })),
      );
      expect(summary.next).toEqual(
        next === undefined ? null : { token: next, logit: logits[next], rank: order.indexOf(next) + 1 },
      );
      expect(after.subarray(3 * SUMMARY_WORDS).every(Number.isNaN)).toBe(true);
    });
  });
});
