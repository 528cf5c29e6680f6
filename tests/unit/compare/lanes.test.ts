import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstDivergence, partings, partingsOf } from '../../../src/playground/compare/divergence.ts';
import { distinct, laneFigures } from '../../../src/playground/compare/lane_figures.ts';
import {
  laneDifference,
  seedLanes,
  sweepLanes,
  temperatureLanes,
} from '../../../src/playground/compare/lane_gestures.ts';
import { promptOnly, withSteps } from '../../../src/playground/texts/text.ts';
import { defaultParams, PARAMETERS } from '../../../src/sampling/parameter_table.ts';
import { paramProblems } from '../../../src/sampling/validate.ts';
import { runScripted } from '../decoding/run_scripted.ts';

describe('gestures', () => {
  test('the gesture for temperatures makes lanes of the usual ones', () => {
    expect(temperatureLanes().map(laneDifference)).toEqual(['T 0', 'T 0.4', 'T 0.8', 'T 1.2']);
  });

  test('a sweep includes both ends, has even steps, and keeps whole numbers whole', () => {
    expect(sweepLanes('topP', 0.1, 1, 4)).toEqual([{ topP: 0.1 }, { topP: 0.4 }, { topP: 0.7 }, { topP: 1 }]);
    expect(sweepLanes('topK', 1, 5, 9)).toEqual([1, 2, 3, 4, 5].map((topK) => ({ topK })));
    expect(sweepLanes('dynatempExponent', 0.1, 10, 3)).toEqual(
      [0.1, 1, 10].map((dynatempExponent) => ({ dynatempExponent })),
    );
    expect(sweepLanes('temperature', 2, 0, 3)).toEqual([2, 1, 0].map((temperature) => ({ temperature })));
  });

  test('every request gives one to sixteen lanes that can all run', () => {
    const key = fc.constantFrom(...PARAMETERS.map((row) => row.key));
    const number = fc.double({ min: -1e7, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(key, number, number, number, (name, from, to, steps) => {
        const lanes = [...sweepLanes(name, from, to, steps), ...seedLanes(4_294_967_290, steps)];
        for (const patch of lanes) expect(paramProblems({ ...defaultParams(), ...patch })).toEqual([]);
        for (const made of [sweepLanes(name, from, to, steps), seedLanes(0, steps)]) {
          expect(made.length).toBeGreaterThan(0);
          expect(made.length).toBeLessThanOrEqual(16);
        }
      }),
    );
  });
});

describe('where texts diverge', () => {
  test.each<[number[], number[], number | null]>([
    [[1, 2, 3], [1, 2, 4], 2],
    [[1, 2], [1, 2], null],
    [[], [], null],
    [[1, 2], [1, 2, 3], 2],
    [[5], [6], 0],
  ])('%j and %j: %s', (a, b, at) => {
    expect(firstDivergence(a, b)).toBe(at);
    expect(firstDivergence(b, a)).toBe(at);
  });

  test('a shorter text that still grows has not diverged', () => {
    expect(firstDivergence([1], [1, 2], { a: false, b: true })).toBeNull();
    expect(firstDivergence([1, 2], [1], { a: false, b: true })).toBe(1);
  });

  test('compares all pairs, and finds the prefix that all share', () => {
    const ended = true;
    const all = partings([
      { tokens: [1, 2, 3, 4], ended },
      { tokens: [1, 2, 9], ended },
      { tokens: [1, 2, 3, 7], ended },
    ]);
    expect(all.pairs).toEqual([
      [null, 2, 3],
      [2, null, 2],
      [3, 2, null],
    ]);
    expect(all.common).toBe(2);
    expect([...partingsOf(0, all)]).toEqual([
      [2, [1]],
      [3, [2]],
    ]);
  });
});

describe('the figures of a lane', () => {
  test('distinct-n equals a plain count', () => {
    expect(distinct([1, 1, 2, 1, 1], 1)).toBe(2 / 5);
    expect(distinct([1, 1, 2, 1, 1], 2)).toBe(3 / 4);
    expect(distinct([1], 2)).toBeNaN();
  });

  test('mean logprob and perplexity equal those of the run', async () => {
    const { records, result } = await runScripted();
    const seed = { id: 1, name: '1', lane: 0, params: defaultParams() };
    const steps = records.map((record) => ({ record, label: '', kind: 'normal' as const }));
    const figures = laneFigures(withSteps(promptOnly(seed, []), steps));
    expect(figures.length).toBe(records.length);
    expect(figures.meanLogprob).toBeCloseTo(result.branches[0]!.averageLogprob, 12);
    expect(figures.perplexity).toBeCloseTo(result.branches[0]!.perplexity, 12);
  });
});
