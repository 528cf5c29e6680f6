import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Candidates } from '../../../src/sampling/candidates.ts';
import { defaultParams, neutralParams, PARAMETERS } from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, type SamplingParams } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { NEVER_ALIVE } from '../../../src/sampling/candidates.ts';
import { finalLogprob } from '../../../src/sampling/trace_view.ts';
import { plainCandidates, plainDraw } from '../../reference/plain_samplers.ts';
import { runChain } from './run_chain.ts';

const logitsOf = fc
  .array(fc.oneof(fc.float({ min: -30, max: 30, noNaN: true }), fc.constant(-Infinity)), {
    minLength: 1,
    maxLength: 120,
  })
  .filter((logits) => logits.some((logit) => logit > -Infinity))
  .map((logits) => Float32Array.from(logits));

/** Every parameter of the table, anywhere in the range of its slider; any order, any subset. */
const paramsOf: fc.Arbitrary<SamplingParams> = fc
  .record({
    numbers: fc.tuple(
      ...PARAMETERS.map(({ sliderMin, sliderMax, integer }) => {
        const [min, max] = [sliderMin, Math.min(sliderMax, 1000)];
        return integer ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
      }),
    ),
    order: fc.shuffledSubarray([...DEFAULT_ORDER]),
    off: fc.subarray([...DEFAULT_ORDER], { maxLength: 3 }),
    bias: fc.array(fc.record({ token: fc.nat(10), bias: fc.double({ min: -5, max: 5, noNaN: true }) }), {
      maxLength: 3,
    }),
  })
  .map(({ numbers, order, off, bias }) => ({
    ...defaultParams(),
    ...Object.fromEntries(PARAMETERS.map(({ key }, i) => [key, numbers[i]!])),
    order,
    off,
    logitBias: bias,
  }));

const historyOf = fc.array(fc.nat(119), { maxLength: 30 });

function inVocabulary(params: SamplingParams, history: readonly number[], size: number) {
  return {
    params: { ...params, logitBias: params.logitBias.filter(({ token }) => token < size) },
    history: history.filter((token) => token < size),
  };
}

describe('any chain on any logits', () => {
  test('final probabilities sum to 1 and the drawn token is alive', () => {
    fc.assert(
      fc.property(logitsOf, paramsOf, historyOf, (logits, anyParams, anyHistory) => {
        const { params, history } = inVocabulary(anyParams, anyHistory, logits.length);
        const { probabilities, trace } = runChain(logits, params, { history });
        const sum = probabilities.reduce((total, p) => total + p, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
        expect(trace.fate[trace.token]).toBe(0);
        expect(trace.kept).toBe(probabilities.filter((_, id) => trace.fate[id] === 0).length);
      }),
      { numRuns: 400 },
    );
  });

  // Found by chance: two equal logits over a temperature near 10⁻³⁰⁷ once had a probability of 1 each.
  test.each([1e-307, 1e-100, 1e-16, 1e-9])('equal logits stay equal at T = %f', (temperature) => {
    const params = { ...neutralParams(), temperature };
    const { probabilities } = runChain(Float32Array.from([29.99, 29.99, 3, -Infinity]), params, {});
    expect(probabilities).toHaveLength(4);
    expect(probabilities.reduce((total, p) => total + p, 0)).toBeCloseTo(1, 12);
    if (temperature > 1e-306) expect(probabilities.slice(0, 2)).toEqual([0.5, 0.5]);
  });

  test('a stage never adds candidates: counts fall from stage to stage, and fates add up', () => {
    fc.assert(
      fc.property(logitsOf, paramsOf, historyOf, (logits, anyParams, anyHistory) => {
        const { params, history } = inVocabulary(anyParams, anyHistory, logits.length);
        const { trace } = runChain(logits, params, { history });
        let alive = logits.length - trace.fate.filter((fate) => fate === NEVER_ALIVE).length;
        for (const [i, stage] of trace.stages.entries()) {
          expect(stage.before).toBe(alive);
          alive = stage.after;
          expect(trace.fate.filter((fate) => fate === i + 1)).toHaveLength(stage.before - stage.after);
          expect(stage.massRemoved).toBeGreaterThanOrEqual(0);
          expect(stage.massRemoved).toBeLessThanOrEqual(1);
        }
        expect(trace.kept).toBe(alive);
      }),
      { numRuns: 400 },
    );
  });

  test('stages that only cut keep the order and the ratios of the survivors', () => {
    const cutting: Partial<SamplingParams> = {
      topK: 20,
      topP: 0.9,
      minP: 0.01,
      typicalP: 0.95,
      topNSigma: 2,
    };
    fc.assert(
      fc.property(logitsOf, (logits) => {
        const { trace, survivors } = runChain(logits, cutting);
        for (const id of survivors) {
          const ratio = finalLogprob(trace, id) - finalLogprob(trace, survivors[0]!);
          expect(ratio).toBeCloseTo(logits[id]! - logits[survivors[0]!]!, 9);
        }
      }),
    );
  });

  test('neutral parameters change nothing', () => {
    fc.assert(
      fc.property(logitsOf, historyOf, (logits, anyHistory) => {
        const { history } = inVocabulary(neutralParams(), anyHistory, logits.length);
        const { trace } = runChain(logits, {}, { history });
        expect(trace.stages).toEqual([]);
        for (const [id, logit] of logits.entries()) {
          const expected = logit === -Infinity ? -Infinity : logit - trace.rawLogNormaliser;
          expect(finalLogprob(trace, id)).toBeCloseTo(expected, 12);
        }
        expect(trace.token).toBe(plainDraw(plainCandidates(logits), trace.u));
      }),
    );
  });

  test('the same seed and position draw the same token, and logits stay unchanged', () => {
    fc.assert(
      fc.property(logitsOf, paramsOf, historyOf, (logits, anyParams, anyHistory) => {
        const { params, history } = inVocabulary(anyParams, anyHistory, logits.length);
        const before = logits.slice();
        const once = runChain(logits, params, { history });
        const again = runChain(logits, params, { history });
        expect(again.trace).toEqual(once.trace);
        expect(logits).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });
});

describe('samplers with state', () => {
  const chains: [string, Partial<SamplingParams>][] = [
    ['mirostat 1', { mirostat: 1, mirostatTau: 3 }],
    ['mirostat 2', { mirostat: 2, mirostatTau: 3 }],
    ['adaptive-p', { adaptiveTarget: 0.4 }],
    ['the default chain', defaultParams()],
  ];
  const rows = Array.from({ length: 12 }, (_, row) =>
    Float32Array.from({ length: 50 }, (__, id) => 6 * Math.sin(id * (row + 1.7))),
  );

  function textOf(sampler: Sampler, from = 0, history: number[] = []): number[] {
    for (let i = from; i < rows.length; i++) {
      const { token } = sampler.sample(rows[i]!, { history, position: i });
      sampler.accept(token);
      history.push(token);
    }
    return history;
  }

  test.each(chains)('%s: a clone is independent, and draws as its original would', (_, change) => {
    const make = () => new Sampler({ ...neutralParams(), ...change }, { vocabularySize: 50 });
    const whole = textOf(make());
    const original = make();
    const history: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { token } = original.sample(rows[i]!, { history, position: i });
      original.accept(token);
      history.push(token);
    }
    const clone = original.clone();
    // The original draws other tokens first, which must not affect the clone.
    for (let i = 5; i < rows.length; i++) {
      original.sample(rows[0]!, { history, position: i });
      original.accept(49);
    }
    expect(textOf(clone, 5, [...history])).toEqual(whole);
  });

  test.each(chains)('%s: gives the same text alone and taking turns on shared memory', (_, change) => {
    const params = { ...neutralParams(), ...change };
    const alone = textOf(new Sampler(params, { vocabularySize: 50 }));
    const shared = new Candidates(50);
    const samplers = [0, 1, 2].map((stream) => new Sampler(params, { vocabularySize: 50, stream }, shared));
    const texts: number[][] = [[], [], []];
    for (const [i, row] of rows.entries()) {
      for (const [lane, sampler] of samplers.entries()) {
        const { token } = sampler.sample(row, { history: texts[lane]!, position: i });
        sampler.accept(token);
        texts[lane]!.push(token);
      }
    }
    expect(texts[0]).toEqual(alone);
    expect(texts[1]).not.toEqual(alone);
  });

  test('refuses accept and trace after another step has used the memory', () => {
    const shared = new Candidates(50);
    const params = { ...neutralParams(), mirostat: 2 };
    const [a, b] = [0, 1].map((stream) => new Sampler(params, { vocabularySize: 50, stream }, shared));
    a!.sample(rows[0]!, { history: [], position: 0 });
    b!.sample(rows[1]!, { history: [], position: 0 });
    expect(() => a!.accept(0)).toThrow(/must follow sample/);
    expect(() => a!.trace()).toThrow(/must follow sample/);
  });

  test('mirostat 2 holds the surprise near τ', () => {
    const params = { ...neutralParams(), mirostat: 2, mirostatTau: 3, mirostatEta: 0.1 };
    const size = 400;
    const logits = Float32Array.from({ length: size }, (_, id) => -1.1 * Math.log(id + 1));
    const sampler = new Sampler(params, { vocabularySize: size });
    let surprise = 0;
    for (let i = 0; i < 2000; i++) {
      const draw = sampler.sample(logits, { history: [], position: i });
      surprise -= sampler.finalLogprob(draw.token) / Math.LN2;
      sampler.accept(draw.token);
    }
    expect(surprise / 2000).toBeCloseTo(3, 1);
  });
});

describe('the draws follow the distribution (chi-square at 0.001)', () => {
  const chains: [string, Partial<SamplingParams>][] = [
    ['neutral', {}],
    ['the default chain', defaultParams()],
    ['typical-p and heat', { typicalP: 0.8, temperature: 1.6 }],
    ['adaptive-p', { adaptiveTarget: 0.2 }],
  ];
  test.each(chains)('%s: 20,000 draws', (_, change) => {
    const logits = Float32Array.from({ length: 40 }, (__, id) => 1.5 * Math.cos(id * 2.3));
    const sampler = new Sampler({ ...neutralParams(), ...change }, { vocabularySize: 40 });
    const counts = new Array<number>(40).fill(0);
    const step = { history: [], position: 0 };
    for (let i = 0; i < 20_000; i++) counts[sampler.sample(logits, { ...step, position: i }).token]!++;
    const expected = counts.map((__, id) => 20_000 * Math.exp(sampler.finalLogprob(id)));
    // Bins with at least 5 expected draws, and one for the rest.
    let [chi, freedom, rareSeen, rareExpected] = [0, -1, 0, 0];
    for (const [id, mean] of expected.entries()) {
      if (mean < 5) {
        rareSeen += counts[id]!;
        rareExpected += mean;
        continue;
      }
      chi += (counts[id]! - mean) ** 2 / mean;
      freedom++;
    }
    if (rareExpected > 0) {
      chi += (rareSeen - rareExpected) ** 2 / rareExpected;
      freedom++;
    }
    // Wilson and Hilferty's approximation of the 0.999 quantile.
    const bound = freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3;
    expect(freedom).toBeGreaterThan(3);
    expect(chi).toBeLessThan(bound);
  });
});
