/**
 * Known results of each sampler on small distributions, from llama.cpp's test-sampling, from the conventions of Transformers and
 * OpenAI, and for top-a from its formula. The tests check them, and so does the conformance page in the visitor's browser.
 */
import { neutralParams } from './parameter_table.ts';
import type { SamplingParams } from './params.ts';
import { Sampler } from './sampler.ts';
import type { DryBreakers } from './samplers/stage.ts';
import { finalLogprob } from './trace_view.ts';

export interface ReferenceCase {
  readonly name: string;
  /** The probabilities that the chain begins with; their logarithms are the logits. */
  readonly from: readonly number[];
  /** Otherwise the chain is neutral. */
  readonly change: Partial<SamplingParams>;
  readonly history?: readonly number[];
  readonly breakers?: DryBreakers;
  readonly expected: readonly number[];
  /**
   * `set`: final probabilities of the survivors, in any order. `survivors`: initial probabilities of the survivors, in any order.
   * `tokens`: final probabilities by token.
   */
  readonly compare: 'set' | 'survivors' | 'tokens';
}

export const REFERENCE_TOLERANCE = 1e-5;

const P = [0.1, 0.2, 0.3, 0.4];
const third = [0.4 / 0.9, 0.3 / 0.9, 0.2 / 0.9];
const uniform = (size: number): number[] => Array<number>(size).fill(1 / size);

const RENORMALISED: readonly (readonly [string, Partial<SamplingParams>, number[]])[] = [
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
  ['top-a .62', { topA: 0.62 }, P],
  ['top-a .63', { topA: 0.63 }, third],
  ['top-a 1', { topA: 1 }, third],
  ['top-nσ 1', { topNSigma: 1 }, [0.428571, 0.571429]],
  ['top-nσ 0', { topNSigma: 0 }, P],
  ['top-nσ 3', { topNSigma: 3 }, P],
  ['mirostat 2, τ 1', { mirostat: 2, mirostatTau: 1 }, [0.571429, 0.428571]],
  ['mirostat 1, τ 1', { mirostat: 1, mirostatTau: 1 }, third],
  ['adaptive .3', { adaptiveTarget: 0.3 }, [0.035841, 0.224172, 0.515815, 0.224172]],
  ['adaptive .9', { adaptiveTarget: 0.9 }, [0.000119, 0.002549, 0.051199, 0.946133]],
];

const SURVIVORS: readonly (readonly [string, number[], Partial<SamplingParams>, number[]])[] = [
  ['XTC .09', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.09 }, [0.1]],
  ['XTC .19', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.19 }, [0.2, 0.1]],
  ['XTC .29', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.29 }, [0.3, 0.2, 0.1]],
  ['XTC .39', [0.4, 0.3, 0.2, 0.1], { xtcProbability: 0.99, xtcThreshold: 0.39 }, [0.4, 0.3, 0.2, 0.1]],
  ['typical, peaked', [0.97, 0.01, 0.01, 0.01], { typicalP: 0.5 }, [0.97]],
  ['typical, flat', [0.4, 0.2, 0.2, 0.2], { typicalP: 0.5 }, [0.2, 0.2, 0.2]],
];

const repeat = { repeatPenalty: 50, penaltyLastN: 64 };
const counted = { repeatPenalty: 1, frequencyPenalty: 5, presencePenalty: 5, penaltyLastN: 64 };
const PENALTIES: readonly (readonly [string, Partial<SamplingParams>, number[], number[]])[] = [
  ['repeat {0}', repeat, [0], [0, 0.25, 0.25, 0.25, 0.25]],
  ['repeat {0,1,2}', repeat, [0, 1, 2], [0, 0, 0, 0.5, 0.5]],
  ['repeat {0,1,2,0,0}', repeat, [0, 1, 2, 0, 0], [0, 0, 0, 0.5, 0.5]],
  ['counted {0}', counted, [0], [0.000011, 0.249997, 0.249997, 0.249997, 0.249997]],
  ['counted {0,1,2}', counted, [0, 1, 2], [0.000023, 0.000023, 0.000023, 0.499966, 0.499966]],
  ['counted {0,1,2,0,0}', counted, [0, 1, 2, 0, 0], [0, 0.000023, 0.000023, 0.499977, 0.499977]],
];

const NONE: DryBreakers = new Map();
const BREAKER: DryBreakers = new Map([[3, [[]]]]);
type DryKnobs = readonly [multiplier: number, base: number, allowed: number, lastN: number];
const DRY: readonly (readonly [string, number, number[], DryKnobs, DryBreakers, number[]])[] = [
  ['no repeat', 4, [0, 1], [1, 1.1, 2, 4], NONE, [0.25, 0.25, 0.25, 0.25]],
  ['repeat', 4, [0, 1, 2, 0, 1], [1, 1.1, 2, 5], NONE, [0.296923, 0.296923, 0.109232, 0.296923]],
  ['breaker', 5, [0, 1, 3, 4, 0, 1], [1, 1.1, 2, 6], BREAKER, [0.2, 0.2, 0.2, 0.2, 0.2]],
  [
    'twice as strong',
    5,
    [0, 1, 2, 0, 1],
    [2, 1.1, 2, 5],
    NONE,
    [0.241818, 0.241818, 0.032727, 0.241818, 0.241818],
  ],
  ['allowed', 5, [0, 1, 2, 3, 4, 0, 1], [1, 1.1, 4, 7], NONE, [0.2, 0.2, 0.2, 0.2, 0.2]],
];

export const REFERENCE_CASES: readonly ReferenceCase[] = [
  ...RENORMALISED.map(([name, change, expected]): ReferenceCase => ({
    name,
    from: P,
    change,
    expected,
    compare: 'set',
  })),
  ...SURVIVORS.map(([name, from, change, expected]): ReferenceCase => ({
    name,
    from,
    change,
    expected,
    compare: 'survivors',
  })),
  ...PENALTIES.map(([name, change, history, expected]): ReferenceCase => ({
    name: `penalties, ${name}`,
    from: uniform(5),
    change,
    history,
    expected,
    compare: 'tokens',
  })),
  ...DRY.map(
    ([name, size, history, [multiplier, base, allowed, lastN], breakers, expected]): ReferenceCase => {
      const change = { dryMultiplier: multiplier, dryBase: base, dryAllowedLength: allowed, dryLastN: lastN };
      return {
        name: `DRY, ${name}`,
        from: uniform(size),
        change,
        history,
        breakers,
        expected,
        compare: 'tokens',
      };
    },
  ),
];

/** @returns the largest error of a probability; Infinity if the number of tokens left is wrong */
export function referenceError(one: ReferenceCase): number {
  const { from, change, history = [], breakers, expected, compare } = one;
  const context = { vocabularySize: from.length, ...(breakers ? { dryBreakers: breakers } : {}) };
  const sampler = new Sampler({ ...neutralParams(), ...change }, context);
  sampler.sample(Float32Array.from(from, Math.log), { history, position: history.length });
  const trace = sampler.trace();
  const final = from.map((_, id) => Math.exp(finalLogprob(trace, id)));
  if (compare === 'tokens') return distance(final, expected);
  const found = compare === 'set' ? final : from.filter((_, id) => trace.fate[id] === 0);
  const sorted = (values: readonly number[]) => values.filter((p) => p > 0).sort((a, b) => a - b);
  return distance(sorted(found), sorted(expected));
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? Math.max(...a.map((p, i) => Math.abs(p - b[i]!))) : Infinity;
}
