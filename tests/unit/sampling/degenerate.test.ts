import { describe, expect, test } from 'vitest';
import { SamplingError } from '../../../src/sampling/errors.ts';
import { defaultParams, neutralParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { finalLogprob } from '../../../src/sampling/trace_view.ts';
import { runChain } from './run_chain.ts';

const EVERY_CHAIN: [string, Partial<SamplingParams>][] = [
  ['neutral', {}],
  ['default', defaultParams()],
  ['cold', { temperature: 0 }],
  ['dynamic', { dynatempRange: 0.5 }],
  ['typical', { typicalP: 0.5 }],
  ['sigma', { topNSigma: 1 }],
  ['XTC', { xtcProbability: 1 }],
  ['mirostat 1', { mirostat: 1 }],
  ['mirostat 2', { mirostat: 2 }],
  ['adaptive', { adaptiveTarget: 0.5 }],
  ['penalised', { repeatPenalty: 1.5, frequencyPenalty: 1, presencePenalty: 1 }],
  ['DRY', { dryMultiplier: 5, dryAllowedLength: 1 }],
];

function failure(work: () => unknown): SamplingError {
  try {
    work();
  } catch (error) {
    if (error instanceof SamplingError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe.each(EVERY_CHAIN)('%s', (_, change) => {
  const history = [0, 0, 0];

  test('with equal logits the draw is uniform over the kept candidates', () => {
    const { probabilities, survivors } = runChain(new Float32Array(64).fill(3.5), change, {
      history: change.repeatPenalty || change.dryMultiplier ? [] : history,
    });
    for (const id of survivors) expect(probabilities[id]).toBeCloseTo(1 / survivors.length, 12);
  });

  test('a single finite logit gives its token with certainty', () => {
    const logits = new Float32Array(64).fill(-Infinity);
    logits[17] = -4;
    const { trace, probabilities } = runChain(logits, change, { history });
    expect([trace.token, trace.kept, probabilities[17]]).toEqual([17, 1, 1]);
  });

  test('a vocabulary of one token works', () => {
    const { trace, probabilities } = runChain(Float32Array.of(-2), change, { history });
    expect([trace.token, probabilities]).toEqual([0, [1]]);
  });

  test('huge logits of both signs work', () => {
    const logits = Float32Array.of(3.4e38, -3.4e38, 3.3e38, 0, -1e-38);
    const { trace, probabilities } = runChain(logits, change, { history: [] });
    expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    if (change.adaptiveTarget === undefined) expect(trace.token).toBe(0);
  });

  test('a vocabulary of 256,000 tokens works', () => {
    const logits = Float32Array.from({ length: 256_000 }, (__, id) => 10 * Math.sin(id));
    const { trace } = runChain(logits, change, { history });
    expect(trace.fate[trace.token]).toBe(0);
    expect(trace.fate.filter((fate) => fate === 0)).toHaveLength(trace.kept);
  });

  test('NaN and +∞ are reported with step and token', () => {
    for (const [value, name] of [
      [NaN, 'NaN'],
      [Infinity, '+∞'],
    ] as const) {
      const logits = Float32Array.of(1, 2, value, 4, 5);
      const error = failure(() => runChain(logits, change, { position: 31 }));
      expect(error.code).toBe('bad-logit');
      expect(error.message).toContain(`token 2 at position 31 is ${name}`);
    }
  });
});

test('refuses logits that are all NaN or all −∞, and a wrong number of logits', () => {
  expect(failure(() => runChain(new Float32Array(5).fill(NaN), {})).code).toBe('bad-logit');
  const dead = failure(() => runChain(new Float32Array(5).fill(-Infinity), {}, { position: 7 }));
  expect([dead.code, dead.message.includes('position 7')]).toEqual(['no-candidates', true]);
  const sampler = new Sampler(neutralParams(), { vocabularySize: 6 });
  const short = failure(() => sampler.sample(new Float32Array(5), { history: [], position: 0 }));
  expect(short.message).toMatch(/gave 5 logits.*has 6 tokens/);
});

test('when every candidate is banned, the message names the stage', () => {
  const logitBias = [0, 1, 2].map((token) => ({ token, bias: -Infinity }));
  const error = failure(() => runChain(Float32Array.of(1, 2, 3), { logitBias }, { position: 12 }));
  expect(error.code).toBe('no-candidates');
  expect(error.message).toMatch(/Logit bias removed all 3 candidates at position 12/);
});

test('a sampler that failed works at the next step', () => {
  const sampler = new Sampler(defaultParams(), { vocabularySize: 3 });
  failure(() => sampler.sample(Float32Array.of(NaN, 0, 0), { history: [], position: 0 }));
  const draw = sampler.sample(Float32Array.of(9, 0, 0), { history: [], position: 1 });
  expect(draw.token).toBe(0);
});

test('a temperature too small to divide by counts as 0', () => {
  const { trace } = runChain(Float32Array.of(1, 2, 3), { temperature: 5e-324 });
  expect([trace.token, trace.kept, trace.stages[0]!.temperature]).toEqual([2, 1, 0]);
});

test('probabilities add up where logits are so large that their differences lose digits', () => {
  const sums: [number[], Partial<SamplingParams>, number[] | null][] = [
    // The grammar removes the only token that a temperature near 0 had left; two equal ones follow it.
    [[9, 5, 5, 1], { temperature: 1e-300 }, [0b0110]],
    [[3e38, 3e38, 3e38], {}, null],
    [[1, 2, 3, 4], { logitBias: [0, 1, 2, 3].map((token) => ({ token, bias: 1e6 })) }, null],
  ];
  for (const [logits, change, allowed] of sums) {
    const order = ['logit_bias', 'temperature', 'grammar'] as const;
    const sampler = new Sampler({ ...neutralParams(), ...change, order }, { vocabularySize: logits.length });
    const mask = allowed && Int32Array.from(allowed);
    sampler.sample(Float32Array.from(logits), { history: [], position: 0, allowed: mask });
    const trace = sampler.trace();
    const sum = logits.reduce((total, _, id) => total + Math.exp(finalLogprob(trace, id)), 0);
    expect(Math.abs(sum - 1), JSON.stringify(change)).toBeLessThan(1e-12);
  }
});

test('an entropy far below the last digit of 1 is exact', () => {
  // H = ln(1 + r) + r·d/(1 + r) with r = e^−d.
  for (const d of [30, 40, 60, 300]) {
    const { trace } = runChain(Float32Array.of(d, 0), { minP: 1e-200 });
    const r = Math.exp(-d);
    const expected = Math.log1p(r) + (r * d) / (1 + r);
    expect(Math.abs(trace.finalEntropy / expected - 1)).toBeLessThan(1e-12);
  }
});

test('equal logits at temperature 0 give the first of them', () => {
  expect(runChain(Float32Array.of(1, 7, 7, 7), { temperature: 0 }).trace.token).toBe(1);
});
