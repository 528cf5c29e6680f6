import { expect, test } from 'vitest';
import { exp } from '../../../src/sampling/exp.ts';
import { uniform } from '../../../src/sampling/rng.ts';

test('the relative error is below 1e-15 wherever the result is a normal number', () => {
  let worst = 0;
  for (let i = 0; i < 200_000; i++) {
    const x = 88 - 796 * uniform(1, i, 0);
    const expected = Math.exp(x);
    worst = Math.max(worst, Math.abs(exp(x) - expected) / expected);
  }
  expect(worst).toBeLessThan(1e-15);
});

test('exp is 1 at 0 and 0 at −∞, and handles subnormal numbers and NaN', () => {
  expect([exp(0), exp(-0), exp(-Infinity), exp(-746)]).toEqual([1, 1, 0, 0]);
  expect(Math.abs(exp(-740) - Math.exp(-740))).toBeLessThan(1e-322);
  expect(exp(NaN)).toBeNaN();
});

test('exp rises with its argument', () => {
  for (let i = 0; i < 50_000; i++) {
    const x = -700 * uniform(2, i, 0);
    expect(exp(x + 1e-9)).toBeGreaterThan(exp(x));
  }
});
