/** Tests each published figure: llama.cpp's test-sampling, and the conventions of Transformers and OpenAI. */
import { describe, expect, test } from 'vitest';
import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import { TEMPERATURE_FIRST_ORDER } from '../../../src/sampling/params.ts';
import {
  REFERENCE_CASES,
  REFERENCE_TOLERANCE,
  referenceError,
} from '../../../src/sampling/reference_cases.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { logitsOf, runChain } from './run_chain.ts';

const P = [0.1, 0.2, 0.3, 0.4];
const TOLERANCE = 1e-5;

/** Compares sets, like the published figures: the order is free, removed tokens are absent or 0. */
function expectDistribution(actual: readonly number[], expected: readonly number[]): void {
  const sorted = (values: readonly number[]) => values.filter((p) => p > 0).sort((a, b) => a - b);
  const [a, e] = [sorted(actual), sorted(expected)];
  expect(a).toHaveLength(e.length);
  for (const [i, value] of e.entries()) expect(Math.abs(a[i]! - value)).toBeLessThan(TOLERANCE);
}

describe('published figures', () => {
  test.each(REFERENCE_CASES)('$name', (one) => {
    expect(referenceError(one)).toBeLessThan(REFERENCE_TOLERANCE);
  });

  test('a wrong figure is noticed', () => {
    const [first] = REFERENCE_CASES;
    expect(referenceError({ ...first!, expected: [0.1, 0.2, 0.31, 0.39] })).toBeCloseTo(0.01, 6);
    expect(referenceError({ ...first!, expected: [0.5, 0.5] })).toBe(Infinity);
  });
});

describe('dynamic temperature', () => {
  test('the effective temperature follows the exponent', () => {
    const used = (dynatempExponent: number) =>
      runChain(logitsOf(P), { temperature: 1, dynatempRange: 0.5, dynatempExponent }).trace.stages[0]!
        .temperature!;
    expect(used(1)).toBeCloseTo(1.42322, 5);
    expect(used(2)).toBeCloseTo(1.352335, 5);
  });
});

describe('mirostat’s state after the first token', () => {
  /** Reads μ from the next step's cut. */
  function muAfter(token: number): number {
    const { sampler } = runChain(logitsOf(P), { mirostat: 2, mirostatTau: 1 });
    sampler.accept(token);
    return sampler.sample(logitsOf(P), { history: [token], position: 1 }).stages[0]!.cut!.value;
  }

  test('μ moves against the surprise', () => {
    expect(muAfter(3)).toBeCloseTo(2.019265, 5);
    expect(muAfter(2)).toBeCloseTo(1.977761, 5);
  });
});

test('temperature divides the logits [1, 2]', () => {
  const at = (temperature: number) => runChain(Float32Array.of(1, 2), { temperature }).probabilities;
  expectDistribution(at(1), [1 / (1 + Math.E), Math.E / (1 + Math.E)]);
  expect(at(1)[0]).toBeCloseTo(0.2689, 4);
  expect(at(0.5)[0]).toBeCloseTo(0.1192, 4);
  expect(at(0.5)[1]).toBeCloseTo(0.8808, 4);
});

test('top-p keeps the nucleus of yes, maybe, no and others', () => {
  const words = [0.7, 0.25, 0.04, 0.01];
  expect(runChain(logitsOf(words), { topP: 0.9 }).survivors).toEqual([0, 1]);
  expect(runChain(logitsOf(words), { topP: 0.99 }).survivors).toEqual([0, 1, 2]);
});

describe('candidates exactly on a bound', () => {
  const equal = new Float32Array(8).fill(1.25);
  test('top-p keeps until the mass reaches p, typical-p until it exceeds p', () => {
    expect(runChain(equal, { topP: 0.5 }).survivors).toEqual([0, 1, 2, 3]);
    expect(runChain(equal, { typicalP: 0.5 }).survivors).toEqual([0, 1, 2, 3, 4]);
  });

  test('min-p and top-nσ keep candidates exactly on the bound', () => {
    expect(runChain(Float32Array.of(3, 3, 2.999), { minP: 1 }).survivors).toEqual([0, 1]);
    // Logits 0 and 2: mean 1, population deviation 1, bound 2 − 2 · 1 = 0.
    expect(runChain(Float32Array.of(0, 2), { topNSigma: 2 }).survivors).toEqual([0, 1]);
    expect(runChain(Float32Array.of(0, 2), { topNSigma: 1.99 }).survivors).toEqual([1]);
  });

  test('XTC removes candidates exactly at its threshold', () => {
    expect(runChain(new Float32Array(4), { xtcProbability: 1, xtcThreshold: 0.25 }).survivors).toEqual([3]);
  });
});

describe('chains with state, computed by hand for each step', () => {
  const rows = Array.from({ length: 8 }, (_, row) =>
    Float32Array.from({ length: 12 }, (__, id) => 2 * Math.sin(3 * row + id * id)),
  );
  const softmax = (logits: readonly number[]): number[] => {
    const weights = logits.map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };

  test('adaptive-p follows the formula at each step', () => {
    const [target, decay] = [0.3, 0.8];
    const params = { ...neutralParams(), adaptiveTarget: target, adaptiveDecay: decay };
    const sampler = new Sampler(params, { vocabularySize: 12 });
    let weightedSum = target / (1 - decay);
    let totalWeight = 1 / (1 - decay);
    for (const [position, row] of rows.entries()) {
      const { token } = sampler.sample(row, { history: [], position });
      const original = softmax([...row]);
      const aim = Math.min(1, Math.max(0, 2 * target - weightedSum / totalWeight));
      const expected = softmax(
        original.map((p) => {
          const d = Math.abs(p - aim) / 0.3;
          return 5 - (10 * d * d) / (1 + d);
        }),
      );
      for (const [id, p] of expected.entries()) expect(Math.exp(sampler.finalLogprob(id))).toBeCloseTo(p, 10);
      sampler.accept(token);
      weightedSum = original[token]! + decay * weightedSum;
      totalWeight = 1 + decay * totalWeight;
    }
  });

  test.each([1, 2])('mirostat %d follows the formula at each step', (version) => {
    const [tau, eta] = [1.5, 0.3];
    const params = { ...neutralParams(), mirostat: version, mirostatTau: tau, mirostatEta: eta };
    const sampler = new Sampler(params, { vocabularySize: 12 });
    let mu = 2 * tau;
    for (const [position, row] of rows.entries()) {
      const { token, kept } = sampler.sample(row, { history: [], position });
      const order = [...row.keys()].sort((a, b) => row[b]! - row[a]!);
      const p = softmax(order.map((id) => row[id]!));
      let count: number;
      if (version === 2) {
        count = Math.max(1, p.filter((one) => -Math.log2(one) <= mu).length);
      } else {
        let [products, squares] = [0, 0];
        for (let i = 0; i < 11; i++) {
          const t = Math.log((i + 2) / (i + 1));
          products += t * Math.log(p[i]! / p[i + 1]!);
          squares += t * t;
        }
        const s = products / squares;
        const k = (((s - 1) * 2 ** mu) / (1 - 12 ** (1 - s))) ** (1 / s);
        count = Math.max(1, Math.min(12, Math.floor(k)));
      }
      expect(kept).toBe(count);
      const left = softmax(order.slice(0, count).map((id) => row[id]!));
      const observed = -Math.log2(left[order.indexOf(token)]!);
      sampler.accept(token);
      mu -= eta * (observed - tau);
    }
  });
});

test('temperature before or after top-p gives different nuclei', () => {
  const heat = { temperature: 2, topP: 0.7 };
  expect(runChain(logitsOf(P), heat).survivors).toEqual([2, 3]);
  expect(runChain(logitsOf(P), { ...heat, order: TEMPERATURE_FIRST_ORDER }).survivors).toEqual([1, 2, 3]);
});
