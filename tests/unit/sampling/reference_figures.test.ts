/** The published reference figures (llama.cpp's test-sampling and the Transformers and OpenAI conventions), case by case. */
import { describe, expect, test } from 'vitest';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import type { DryBreakers } from '../../../src/sampling/samplers/dry.ts';
import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import { TEMPERATURE_FIRST_ORDER } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { logitsOf, runChain } from './run_chain.ts';

const P = [0.1, 0.2, 0.3, 0.4];
const TOLERANCE = 1e-5;

/** Compares as sets, as the figures are given: order is free, removed tokens are absent or 0. */
function expectDistribution(actual: readonly number[], expected: readonly number[]): void {
  const sorted = (values: readonly number[]) => values.filter((p) => p > 0).sort((a, b) => a - b);
  const [a, e] = [sorted(actual), sorted(expected)];
  expect(a).toHaveLength(e.length);
  for (const [i, value] of e.entries()) expect(Math.abs(a[i]! - value)).toBeLessThan(TOLERANCE);
}

const third = [0.4 / 0.9, 0.3 / 0.9, 0.2 / 0.9];

describe('renormalised figures on P', () => {
  const cases: [string, Partial<SamplingParams>, number[]][] = [
    ['temperature 1', { temperature: 1 }, P],
    ['temperature 0', { temperature: 0 }, [1]],
    ['dynamic, range 0', { temperature: 1, dynatempRange: 0, dynatempExponent: 1 }, P],
    ['dynamic, T 0', { temperature: 0, dynatempRange: 0, dynatempExponent: 1 }, [1]],
    [
      'dynamic, exponent 1',
      { temperature: 1, dynatempRange: 0.5, dynatempExponent: 1 },
      [0.134408, 0.218745, 0.290847, 0.356001],
    ],
    ['top-k 1', { topK: 1 }, [1]],
    ['top-k 3', { topK: 3 }, [0.44444, 0.33333, 0.22222]],
    ['top-k 4', { topK: 4 }, P],
    ['top-k 0', { topK: 0 }, P],
    ['top-p 0', { topP: 0 }, [1]],
    ['top-p .7', { topP: 0.7 }, [0.571429, 0.428571]],
    ['top-p .8', { topP: 0.8 }, [0.44444, 0.33333, 0.22222]],
    ['top-p 1', { topP: 1 }, P],
    ['min-p 0', { minP: 0 }, P],
    ['min-p .24', { minP: 0.24 }, P],
    ['min-p .26', { minP: 0.26 }, third],
    ['min-p .49', { minP: 0.49 }, third],
    ['min-p .51', { minP: 0.51 }, [0.3 / 0.7, 0.4 / 0.7]],
    ['min-p .74', { minP: 0.74 }, [0.3 / 0.7, 0.4 / 0.7]],
    ['min-p .76', { minP: 0.76 }, [1]],
    ['min-p 1', { minP: 1 }, [1]],
    ['min-p 1.05', { minP: 1.05 }, [1]],
    ['top-nσ 1', { topNSigma: 1 }, [0.428571, 0.571429]],
    ['top-nσ 0', { topNSigma: 0 }, P],
    ['top-nσ 3', { topNSigma: 3 }, P],
    ['mirostat 2, τ 1', { mirostat: 2, mirostatTau: 1 }, [0.571429, 0.428571]],
    ['mirostat 1, τ 1', { mirostat: 1, mirostatTau: 1 }, third],
    ['adaptive .3', { adaptiveTarget: 0.3 }, [0.035841, 0.224172, 0.515815, 0.224172]],
    ['adaptive .9', { adaptiveTarget: 0.9 }, [0.000119, 0.002549, 0.051199, 0.946133]],
  ];
  test.each(cases)('%s', (_, change, expected) => {
    expectDistribution(runChain(logitsOf(P), change).probabilities, expected);
  });

  test('the effective dynamic temperature', () => {
    const used = (dynatempExponent: number) =>
      runChain(logitsOf(P), { temperature: 1, dynatempRange: 0.5, dynatempExponent }).trace.stages[0]!
        .temperature!;
    expect(used(1)).toBeCloseTo(1.42322, 5);
    expect(used(2)).toBeCloseTo(1.352335, 5);
  });
});

describe('figures that are not renormalised: the survivors’ own probabilities', () => {
  const cases: [string, number[], Partial<SamplingParams>, number[]][] = [
    ['XTC .09', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.09 }, [0.1]],
    ['XTC .19', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.19 }, [0.2, 0.1]],
    ['XTC .29', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.29 }, [0.3, 0.2, 0.1]],
    ['XTC .39', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.39 }, [0.4, 0.3, 0.2, 0.1]],
    ['typical, peaked', [0.97, 0.01, 0.01, 0.01], { typicalP: 0.5 }, [0.97]],
    ['typical, flat', [0.4, 0.2, 0.2, 0.2], { typicalP: 0.5 }, [0.2, 0.2, 0.2]],
  ];
  test.each(cases)('%s', (_, from, change, expected) => {
    const { survivors } = runChain(logitsOf(from), change);
    expectDistribution(
      survivors.map((id) => from[id]!),
      expected,
    );
  });
});

describe('penalties on a uniform vocabulary of 5', () => {
  const uniform = logitsOf([0.2, 0.2, 0.2, 0.2, 0.2]);
  const repeat = { repeatPenalty: 50, penaltyLastN: 64 };
  const counted = { repeatPenalty: 1, frequencyPenalty: 5, presencePenalty: 5, penaltyLastN: 64 };
  const cases: [string, Partial<SamplingParams>, number[], number[]][] = [
    ['repeat {0}', repeat, [0], [0, 0.25, 0.25, 0.25, 0.25]],
    ['repeat {0,1,2}', repeat, [0, 1, 2], [0, 0, 0, 0.5, 0.5]],
    ['repeat {0,1,2,0,0}', repeat, [0, 1, 2, 0, 0], [0, 0, 0, 0.5, 0.5]],
    ['counted {0}', counted, [0], [0.000011, 0.249997, 0.249997, 0.249997, 0.249997]],
    ['counted {0,1,2}', counted, [0, 1, 2], [0.000023, 0.000023, 0.000023, 0.499966, 0.499966]],
    ['counted {0,1,2,0,0}', counted, [0, 1, 2, 0, 0], [0, 0.000023, 0.000023, 0.499977, 0.499977]],
  ];
  test.each(cases)('%s', (_, change, history, expected) => {
    const { probabilities } = runChain(uniform, change, { history });
    for (const [id, p] of expected.entries())
      expect(Math.abs(probabilities[id]! - p)).toBeLessThan(TOLERANCE);
  });
});

describe('DRY', () => {
  const breaker: DryBreakers = new Map([[3, [[]]]]);
  const cases: [string, number, number[], [number, number, number, number], DryBreakers, number[]][] = [
    ['no repeat', 4, [0, 1], [1, 1.1, 2, 4], new Map(), [0.25, 0.25, 0.25, 0.25]],
    ['repeat', 4, [0, 1, 2, 0, 1], [1, 1.1, 2, 5], new Map(), [0.296923, 0.296923, 0.109232, 0.296923]],
    ['breaker', 5, [0, 1, 3, 4, 0, 1], [1, 1.1, 2, 6], breaker, [0.2, 0.2, 0.2, 0.2, 0.2]],
    [
      'twice as strong',
      5,
      [0, 1, 2, 0, 1],
      [2, 1.1, 2, 5],
      new Map(),
      [0.241818, 0.241818, 0.032727, 0.241818, 0.241818],
    ],
    ['allowed', 5, [0, 1, 2, 3, 4, 0, 1], [1, 1.1, 4, 7], new Map(), [0.2, 0.2, 0.2, 0.2, 0.2]],
  ];
  test.each(cases)('%s', (_, size, history, [multiplier, base, allowed, lastN], breakers, expected) => {
    const { probabilities } = runChain(
      new Float32Array(size),
      { dryMultiplier: multiplier, dryBase: base, dryAllowedLength: allowed, dryLastN: lastN },
      { history, breakers },
    );
    for (const [id, p] of expected.entries())
      expect(Math.abs(probabilities[id]! - p)).toBeLessThan(TOLERANCE);
  });
});

describe('mirostat’s state after the first token', () => {
  /** μ is seen in the next step's cut. */
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

test('temperature on logits [1, 2]', () => {
  const at = (temperature: number) => runChain(Float32Array.of(1, 2), { temperature }).probabilities;
  expectDistribution(at(1), [1 / (1 + Math.E), Math.E / (1 + Math.E)]);
  expect(at(1)[0]).toBeCloseTo(0.2689, 4);
  expect(at(0.5)[0]).toBeCloseTo(0.1192, 4);
  expect(at(0.5)[1]).toBeCloseTo(0.8808, 4);
});

test('the nucleus of yes, maybe, no and others', () => {
  const words = [0.7, 0.25, 0.04, 0.01];
  expect(runChain(logitsOf(words), { topP: 0.9 }).survivors).toEqual([0, 1]);
  expect(runChain(logitsOf(words), { topP: 0.99 }).survivors).toEqual([0, 1, 2]);
});

describe('on the border', () => {
  const equal = new Float32Array(8).fill(1.25);
  test('top-p keeps until the mass is at p, typical-p until it is above it', () => {
    expect(runChain(equal, { topP: 0.5 }).survivors).toEqual([0, 1, 2, 3]);
    expect(runChain(equal, { typicalP: 0.5 }).survivors).toEqual([0, 1, 2, 3, 4]);
  });

  test('min-p keeps what is exactly at its bound, top-nσ too', () => {
    expect(runChain(Float32Array.of(3, 3, 2.999), { minP: 1 }).survivors).toEqual([0, 1]);
    // Logits 0 and 2: mean 1, population deviation 1, bound 2 − 2 · 1 = 0.
    expect(runChain(Float32Array.of(0, 2), { topNSigma: 2 }).survivors).toEqual([0, 1]);
    expect(runChain(Float32Array.of(0, 2), { topNSigma: 1.99 }).survivors).toEqual([1]);
  });

  test('XTC takes what is exactly at its threshold', () => {
    expect(runChain(new Float32Array(4), { xtcProbability: 1, xtcThreshold: 0.25 }).survivors).toEqual([3]);
  });
});

describe('chains with a past, step by step, by hand', () => {
  const rows = Array.from({ length: 8 }, (_, row) =>
    Float32Array.from({ length: 12 }, (__, id) => 2 * Math.sin(3 * row + id * id)),
  );
  const softmax = (logits: readonly number[]): number[] => {
    const weights = logits.map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };

  test('adaptive-p', () => {
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

  test.each([1, 2])('mirostat %d', (version) => {
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

test('temperature first or last keeps different nuclei', () => {
  const heat = { temperature: 2, topP: 0.7 };
  expect(runChain(logitsOf(P), heat).survivors).toEqual([2, 3]);
  expect(runChain(logitsOf(P), { ...heat, order: TEMPERATURE_FIRST_ORDER }).survivors).toEqual([1, 2, 3]);
});
