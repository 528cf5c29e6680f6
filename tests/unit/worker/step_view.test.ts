/** Compares a step's view of the whole vocabulary with a plain sort and plain sums. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tokenizer } from '../../../src/engines/contract.ts';
import { Candidates } from '../../../src/sampling/candidates.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { Ranking } from '../../../src/sampling/ordering/ranking.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { finalLogprob, rawLogprob } from '../../../src/sampling/trace_view.ts';
import { stepView } from '../../../src/worker/texts/step_view.ts';

const SIZE = 300;
const tokenizer = { label: (token: number) => `<${token}>` } as unknown as Tokenizer;

/** Logits with many equal values, both zeros, and −∞. */
const logits = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
      { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, -0, -Infinity, 1e-40, -1e-40) },
    ),
    { minLength: SIZE, maxLength: SIZE },
  )
  .filter((row) => row.some((logit) => logit > -Infinity))
  .map((row) => Float32Array.from(row));

const params = fc
  .record({
    topK: fc.integer({ min: 0, max: 80 }),
    topP: fc.constantFrom(0.3, 0.9, 1),
    minP: fc.constantFrom(0, 0.05, 0.4),
    typicalP: fc.constantFrom(0.5, 1),
    xtcProbability: fc.constantFrom(0, 1),
    temperature: fc.constantFrom(0.3, 1, 1.7),
  })
  .map((some) => ({ ...defaultParams(), ...some }));

function plainOrder(raw: Float32Array): number[] {
  return Array.from(raw, (_, id) => id).sort((a, b) => raw[b]! - raw[a]! || a - b);
}

test('the raw order has logits descending, with ties by token id', () => {
  fc.assert(
    fc.property(logits, (row) => {
      // −∞ − (−∞) is NaN, so the plain sort gets the most negative number instead.
      const finite = row.map((logit) => Math.max(logit, -3e38));
      expect([...new Ranking(row).top(SIZE)]).toEqual(plainOrder(finite));
    }),
    { numRuns: 60 },
  );
});

test('rows, rest, masses, cuts and curve equal those of a plain sort', () => {
  fc.assert(
    fc.property(
      logits,
      params,
      fc.integer({ min: 1, max: 40 }),
      fc.nat(SIZE - 1),
      (raw, chain, top, chosen) => {
        const sampler = new Sampler(chain, { vocabularySize: SIZE }, new Candidates(SIZE));
        sampler.sample(raw, { history: [1, 2, 3], position: 3 });
        const trace = sampler.trace();
        const view = stepView(trace, chosen, true, tokenizer, top);
        const order = plainOrder(raw.map((logit) => Math.max(logit, -3e38)));

        const listed = [...new Set([...order.slice(0, top), chosen])];
        expect(view.rows.map(({ token }) => token)).toEqual(listed);
        for (const { token, rank } of view.rows) expect(order[rank - 1]).toBe(token);
        const others = order.filter((token) => !listed.includes(token));
        const sum = (tokens: number[], read: (token: number) => number): number =>
          tokens.reduce((total, token) => total + Math.exp(read(token)), 0);
        expect(view.rest.count).toBe(others.length);
        expect(view.rest.raw).toBeCloseTo(
          sum(others, (token) => rawLogprob(trace, token)),
          12,
        );
        expect(view.rest.final).toBeCloseTo(
          sum(others, (token) => finalLogprob(trace, token)),
          12,
        );

        const { stages } = trace;
        for (const [index, row] of view.stages!.entries()) {
          const gone = order.filter((token) => trace.fate[token]! >= 1 && trace.fate[token]! <= index + 1);
          expect(row.rawMassLeft).toBeCloseTo(1 - sum(gone, (token) => rawLogprob(trace, token)), 9);
        }
        const cuts = stages.flatMap(({ stage, before, after }, index) => {
          if (after >= before) return [];
          const kept = (token: number): boolean =>
            trace.fate[token] === 0 ||
            (trace.fate[token]! > index + 1 && trace.fate[token]! <= stages.length);
          return [{ stage, rank: order.findLastIndex(kept) + 1 }];
        });
        expect(view.cuts.map(({ stage, rank }) => ({ stage, rank }))).toEqual(cuts);
        view.curve.ranks.forEach((rank, i) => {
          expect(view.curve.raw[i]).toBe(Math.exp(rawLogprob(trace, order[rank - 1]!)));
          expect(view.curve.final[i]).toBe(Math.exp(finalLogprob(trace, order[rank - 1]!)));
        });
      },
    ),
    { numRuns: 60 },
  );
});

test.each([20_000, 40_000])(
  'a ranking of %d finds tokens by rank and ranks by token, also where thousands are equal',
  (size) => {
    const rows = [
      (id: number) => Math.fround(Math.sin(id * 12.9898) * 7),
      (id: number) => Math.round(Math.sin(id * 78.233) * 4) / 2,
      (id: number) => (id % 3 === 0 ? Math.fround(Math.sin(id)) * 1e-3 : -Infinity),
      () => 1.5,
    ];
    for (const row of rows) {
      const raw = Float32Array.from({ length: size }, (_, id) => row(id));
      const order = plainOrder(raw.map((logit) => Math.max(logit, -3e38)));
      const ranking = new Ranking(raw);
      expect([...ranking.top(size)]).toEqual(order);
      const ranks = [1, 2, 3, 50, 51, 52, 53, 54, 4000, 6666, 6667, 6668, 13_001, size - 1, size];
      expect([...ranking.at(ranks)]).toEqual(ranks.map((rank) => order[rank - 1]));
      expect(ranking.of(ranks.map((rank) => order[rank - 1]!))).toEqual(ranks);
    }
  },
);
