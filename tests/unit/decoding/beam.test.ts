import { describe, expect, test } from 'vitest';
import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import { lane, runScripted } from './run_scripted.ts';
import { everySequence, tinyEngine } from './tiny_engine.ts';

const prompt = [1, 2];
const LENGTH = 6;
/** Before the last token there are 5 · 5 sequences, fewer than the largest width. */
const COVERED = 3;

function beam(seed: number, width: number, lengthPenalty: number) {
  return runScripted(
    {
      prompt,
      strategy: { kind: 'beam', width, lengthPenalty },
      lanes: [lane(neutralParams())],
      stop: { maxTokens: LENGTH, sequences: [] },
    },
    { engine: tinyEngine(seed) },
  );
}

describe('a beam as wide as the number of sequences finds the best one of an exhaustive search', () => {
  test.each([0, 0.5, 1, 2])('length penalty %d', async (penalty) => {
    for (let seed = 0; seed < 12; seed++) {
      const all = everySequence(seed, prompt, COVERED)
        .map(({ tokens, total }) => ({ tokens, score: total / tokens.length ** penalty }))
        .sort((a, b) => b.score - a.score);
      const { result } = await runScripted(
        {
          prompt,
          strategy: { kind: 'beam', width: 64, lengthPenalty: penalty },
          lanes: [lane(neutralParams())],
          stop: { maxTokens: COVERED, sequences: [] },
        },
        { engine: tinyEngine(seed) },
      );
      const winner = result.branches[result.winner!]!;
      expect(winner.tokens).toEqual(all[0]!.tokens);
      expect(winner.score).toBeCloseTo(all[0]!.score, 5);
      // The whole ranking agrees too, as far as beams are kept.
      const ranked = result.ranking
        .map((id) => result.branches[id]!)
        .filter(({ reason }) => reason !== 'pruned');
      for (const [i, branch] of ranked.slice(0, 20).entries()) expect(branch.tokens).toEqual(all[i]!.tokens);
    }
  });
});

/** Plain beam search: the best `width` beams by score go on, and ended ones are put aside. */
function plainBeam(seed: number, width: number, penalty: number): { tokens: number[]; score: number } {
  let living: { tokens: number[]; total: number }[] = [{ tokens: [], total: 0 }];
  const done: { tokens: number[]; score: number }[] = [];
  for (let length = 1; length <= LENGTH; length++) {
    const grown = living
      .flatMap(({ tokens, total }) =>
        everySequence(seed, [...prompt, ...tokens], 1).map((one) => ({
          tokens: [...tokens, ...one.tokens],
          total: total + one.total,
        })),
      )
      .sort((a, b) => b.total - a.total);
    living = [];
    let ended = 0;
    for (const one of grown) {
      if (living.length >= width) break;
      if (one.tokens.at(-1) !== 0 && length < LENGTH) living.push(one);
      else if (++ended <= width) done.push({ tokens: one.tokens, score: one.total / length ** penalty });
    }
  }
  return done.sort((a, b) => b.score - a.score)[0]!;
}

describe('narrow beams', () => {
  test.each([
    [1, 0],
    [2, 0.7],
    [3, 1],
    [2, 2],
    [3, 2],
  ])(
    'of width %d and length penalty %d equal a plain beam search that never stops early',
    async (width, penalty) => {
      for (let seed = 0; seed < 40; seed++) {
        const { result } = await beam(seed, width, penalty);
        const winner = result.branches[result.winner!]!;
        const plain = plainBeam(seed, width, penalty);
        expect(winner.tokens).toEqual(plain.tokens);
        expect(winner.score).toBeCloseTo(plain.score, 5);
      }
    },
  );

  test('of width 1 without length penalty equal greedy decoding', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const { result } = await beam(seed, 1, 0);
      const greedy = await runScripted(
        {
          prompt,
          strategy: { kind: 'greedy' },
          lanes: [lane(neutralParams())],
          stop: { maxTokens: LENGTH, sequences: [] },
        },
        { engine: tinyEngine(seed) },
      );
      // An ended beam may beat the one that continued; both took the same path.
      const longest = result.branches[0]!;
      expect(longest.tokens).toEqual(greedy.result.branches[0]!.tokens);
    }
  });
});

describe('the tree of a search', () => {
  test('beams share the prefixes that they report, pruned beams are kept, and all pages are released', async () => {
    const { result, events, engine, records } = await runScripted({
      strategy: { kind: 'beam', width: 4, lengthPenalty: 1 },
      stop: { maxTokens: 20, sequences: [] },
    });
    const byId = new Map(result.branches.map((branch) => [branch.branch, branch]));
    for (const branch of result.branches) {
      if (branch.parent === null) continue;
      const parent = byId.get(branch.parent)!;
      expect(parent.tokens.slice(0, branch.shared)).toEqual(branch.tokens.slice(0, branch.shared));
      expect(parent.tokens[branch.shared]).not.toBe(branch.tokens[branch.shared]);
    }
    expect(result.branches.some(({ reason }) => reason === 'pruned')).toBe(true);
    expect(engine.session.usage.pagesUsed).toBe(0);
    for (const event of events)
      if (event.type === 'beams') expect(event.scores.length).toBeLessThanOrEqual(4);
    // Each branch's records are exactly its tokens after those it shares.
    for (const { branch, tokens, shared } of result.branches) {
      const own = records.filter((record) => record.branch === branch).map(({ token }) => token);
      expect(own).toEqual(tokens.slice(shared));
    }
    // The beams that reached an end are ranked best first.
    const scores = result.ranking.map((id) => byId.get(id)!).filter(({ reason }) => reason !== 'pruned');
    for (let i = 1; i < scores.length; i++)
      expect(scores[i - 1]!.score!).toBeGreaterThanOrEqual(scores[i]!.score!);
    expect(result.winner).toBe(result.ranking[0]);
    const winner = byId.get(result.winner!)!;
    expect(winner.score).toBeCloseTo(winner.totalLogprob / winner.tokens.length, 12);
  });

  test('every beam keeps to the bans; temperature and seed change nothing', async () => {
    const spec = { strategy: { kind: 'beam', width: 3, lengthPenalty: 1 } } as const;
    const free = await runScripted(spec);
    const hot = await runScripted({
      ...spec,
      lanes: [lane({ temperature: 0, seed: 5, xtcProbability: 1, mirostat: 2 })],
    });
    const cold = await runScripted({ ...spec, lanes: [lane()] });
    expect(cold.result.branches).toEqual(free.result.branches);
    // Mirostat would remove the cuts from the chain; beams leave mirostat out, so the cuts stay.
    expect(hot.result.branches).toEqual(free.result.branches);
    const banned = free.result.branches[free.result.winner!]!.tokens[0]!;
    const { result } = await runScripted({
      ...spec,
      lanes: [lane({ logitBias: [{ token: banned, bias: -Infinity }] })],
    });
    for (const { tokens } of result.branches) expect(tokens).not.toContain(banned);
  });

  test('a search that is stopped ranks the beams that it has', async () => {
    const stop = new AbortController();
    const { result } = await runScripted(
      {
        strategy: { kind: 'beam', width: 3, lengthPenalty: 1 },
        stop: { maxTokens: 50, sequences: [], ignoreEndOfGeneration: true },
      },
      {
        signal: stop.signal,
        onEvent: (event) => event.type === 'beams' && event.scores.length === 3 && stop.abort(),
      },
    );
    expect(result.branches[result.winner!]!.reason).toBe('stopped');
    expect(result.ranking).toHaveLength(result.branches.length);
  });
});
