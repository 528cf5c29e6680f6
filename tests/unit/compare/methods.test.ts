import { describe, expect, test } from 'vitest';
import type { BestOfScore } from '../../../src/decoding/events.ts';
import { beamRows, unprunedRows } from '../../../src/playground/compare/beam_rows.ts';
import { defaultMethod, mostBranches, strategyOf, type Method } from '../../../src/playground/method.ts';
import { whyLost } from '../../../src/playground/compare/why_lost.ts';
import { runScripted } from '../decoding/run_scripted.ts';
import { textsOf } from './texts_of.ts';

describe('the tree of a beam search', () => {
  test('shows each token once, below its parent’s row, with its score from the search', async () => {
    const { events, result } = await runScripted({
      strategy: { kind: 'beam', width: 4, lengthPenalty: 0.7 },
      stop: { maxTokens: 10, sequences: [] },
    });
    const rows = beamRows(textsOf(events), 0.7, result.winner);
    expect(rows.map(({ branch }) => branch).sort((a, b) => a - b)).toEqual(
      result.branches.map(({ branch }) => branch),
    );
    let winning = 0;
    for (const [index, row] of rows.entries()) {
      const branch = result.branches[row.branch]!;
      expect(row.nodes.map(({ token }) => token.token)).toEqual(branch.tokens.slice(branch.shared));
      expect(row.parent === null ? null : rows[row.parent]!.branch).toBe(branch.parent);
      if (row.parent !== null) expect(row.parent).toBeLessThan(index);
      const last = row.nodes.at(-1);
      if (last && branch.reason !== 'pruned') {
        expect(last.score).toBeCloseTo(branch.score!, 9);
        expect(row.nodes.every(({ pruned }) => !pruned)).toBe(true);
      }
      winning += row.nodes.filter((node) => node.winning).length;
    }
    expect(winning).toBe(result.branches[result.winner!]!.tokens.length);
  });

  test('without the pruned branches, each remaining row leads to a remaining beam', async () => {
    const { events, result } = await runScripted({
      strategy: { kind: 'beam', width: 3, lengthPenalty: 1 },
      stop: { maxTokens: 12, sequences: [] },
    });
    const all = beamRows(textsOf(events), 1);
    const left = unprunedRows(all);
    const prefixes = new Set(
      result.branches
        .filter(({ reason }) => reason !== 'pruned')
        .flatMap(({ tokens }) => tokens.map((_, i) => tokens.slice(0, i + 1).join())),
    );
    expect(left.flatMap(({ nodes }) => nodes)).toHaveLength(prefixes.size);
    expect(left.length).toBeLessThan(all.length);
  });
});

describe('methods', () => {
  test('a run makes no more branches than it reserved ids for', async () => {
    for (const width of [1, 2, 5]) {
      const strategy = { kind: 'beam', width, lengthPenalty: 0 } as const;
      const { result } = await runScripted({ strategy, stop: { maxTokens: 15, sequences: ['.'] } });
      expect(result.branches.length).toBeLessThanOrEqual(mostBranches(strategy, 15));
    }
  });

  test('each gives the strategy of its name', () => {
    const of = (change: Partial<Method>) => strategyOf({ ...defaultMethod(), ...change });
    expect(of({})).toEqual({ kind: 'sample' });
    expect(of({ kind: 'beam', width: 3, lengthPenalty: 0 })).toEqual({
      kind: 'beam',
      width: 3,
      lengthPenalty: 0,
    });
    expect(of({ kind: 'best-of-n', samples: 5, score: 'longest' })).toEqual({
      kind: 'best-of-n',
      n: 5,
      score: { kind: 'longest' },
    });
    expect(of({ kind: 'first-valid', verifier: 'length', shortest: 1, longest: 9, samples: 2 })).toEqual({
      kind: 'first-valid',
      n: 2,
      verifier: { kind: 'length', min: 1, max: 9 },
    });
    expect(of({ kind: 'majority-vote', extractor: 'last-number', samples: 4 })).toEqual({
      kind: 'majority-vote',
      n: 4,
      extractor: { kind: 'last-number' },
    });
    // The pattern ignores case, so the count does too, and the record says so.
    expect(
      of({ kind: 'majority-vote', extractor: 'regex', answerPattern: '(he|she)', samples: 4 }),
    ).toMatchObject({ extractor: { kind: 'regex', pattern: '(he|she)', flags: 'iu', fold: true } });
  });

  test.each<BestOfScore>([{ kind: 'average-logprob' }, { kind: 'shortest' }, { kind: 'longest' }])(
    'says why a sample lost by $kind',
    async (score) => {
      const { result } = await runScripted({
        strategy: { kind: 'best-of-n', n: 6, score },
        stop: { maxTokens: 40, sequences: ['.'] },
      });
      const winner = result.branches[result.winner!]!;
      for (const id of result.ranking.slice(1)) {
        const sample = result.branches[id]!;
        const distance =
          score.kind === 'average-logprob'
            ? (winner.averageLogprob - sample.averageLogprob).toFixed(3)
            : String(Math.abs(winner.text.length - sample.text.length));
        const words = whyLost(sample, winner, score);
        if (Number(distance) > 0) expect(words).toContain(distance);
        else expect(words).toContain('drawn later');
      }
      expect(whyLost({ ...winner, valid: false }, winner, score)).toBe('not valid');
    },
  );
});
