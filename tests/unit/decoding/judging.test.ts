import { describe, expect, test } from 'vitest';
import { matchPattern } from '../../../scripts/headless/match_pattern.ts';
import { buildExtractor, buildVerifier } from '../../../src/decoding/verifier.ts';
import { runScripted } from './run_scripted.ts';

const stop = { maxTokens: 40, sequences: ['.'] };

describe('best of N', () => {
  test('N samples are those of N streams in one batch, with the ranking of a plain recomputation', async () => {
    const { result, records } = await runScripted({
      strategy: { kind: 'best-of-n', n: 6, score: { kind: 'average-logprob' } },
      stop,
    });
    expect(result.branches).toHaveLength(6);
    expect(new Set(result.branches.map(({ text }) => text)).size).toBeGreaterThan(3);
    const averages = result.branches.map(({ branch }) => {
      const own = records.filter((record) => record.branch === branch);
      return own.reduce((sum, { rawLogprob }) => sum + rawLogprob, 0) / own.length;
    });
    const order = [0, 1, 2, 3, 4, 5].sort((a, b) => averages[b]! - averages[a]!);
    expect(result.ranking).toEqual(order);
    expect(result.winner).toBe(order[0]);
    for (const [i, { score }] of result.branches.entries()) expect(score).toBeCloseTo(averages[i]!, 12);
    const steps = Math.max(...result.branches.map(({ tokens }) => tokens.length));
    expect(result.timing.steps).toBe(steps - 1);
  });

  test('ranks the shortest, the longest or the valid texts first', async () => {
    const run = async (score: Parameters<typeof runScripted>[0] & object) =>
      (await runScripted({ ...score, stop })).result;
    const lengths = (result: Awaited<ReturnType<typeof run>>) =>
      result.ranking.map((id) => result.branches[id]!.text.length);
    const shortest = lengths(
      await run({ strategy: { kind: 'best-of-n', n: 5, score: { kind: 'shortest' } } }),
    );
    expect(shortest).toEqual([...shortest].sort((a, b) => a - b));
    const longest = lengths(await run({ strategy: { kind: 'best-of-n', n: 5, score: { kind: 'longest' } } }));
    expect(longest).toEqual([...longest].sort((a, b) => b - a));

    let mixed = 0;
    for (const letter of 'abcdfghkmrst') {
      const verifier = { kind: 'regex', pattern: `^ \\w*${letter}` } as const;
      const verified = await run({
        strategy: { kind: 'best-of-n', n: 8, score: { kind: 'verifier', verifier } },
      });
      const ranked = verified.ranking.map((id) => verified.branches[id]!);
      const plain = [...verified.branches].sort(
        (a, b) =>
          Number(new RegExp(verifier.pattern).test(b.text)) -
            Number(new RegExp(verifier.pattern).test(a.text)) || b.averageLogprob - a.averageLogprob,
      );
      expect(ranked).toEqual(plain);
      const byScore = [...verified.branches].sort((a, b) => b.averageLogprob - a.averageLogprob);
      if (byScore.some((branch, i) => branch !== ranked[i])) mixed++;
      expect(verified.winner).toBe(ranked[0]!.valid ? ranked[0]!.branch : null);
    }
    // The verifier must overrule the score in some runs, or the test proves nothing.
    expect(mixed).toBeGreaterThan(2);
    const none = await run({
      strategy: { kind: 'best-of-n', n: 3, score: { kind: 'verifier', verifier: { kind: 'json' } } },
    });
    expect(none.winner).toBeNull();
  });
});

describe('majority vote', () => {
  test('shares equal a plain count', async () => {
    const pattern = /\b(the|a|one|every|this|that|her|his|their|another)\b/;
    const { result } = await runScripted({
      strategy: { kind: 'majority-vote', n: 16, extractor: { kind: 'regex', pattern: pattern.source } },
      stop,
    });
    const counts = new Map<string, number[]>();
    for (const { branch, text, answer } of result.branches) {
      const expected = pattern.exec(text)?.[1] ?? null;
      expect(answer).toBe(expected);
      if (expected !== null) counts.set(expected, [...(counts.get(expected) ?? []), branch]);
    }
    const answered = [...counts.values()].flat().length;
    const plain = [...counts]
      .map(([answer, branches]) => ({
        answer,
        votes: branches.length,
        share: branches.length / answered,
        branches,
      }))
      .sort((a, b) => b.votes - a.votes || a.branches[0]! - b.branches[0]!);
    expect(result.votes).toEqual(plain);
    expect(plain.length).toBeGreaterThan(1);
    expect(result.branches[result.winner!]!.answer).toBe(plain[0]!.answer);
    expect(result.votes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test('answers that differ only in case or spaces are one if they are folded, and several as they are written', async () => {
    const votes = async (fold: { fold?: true }) => {
      const extractor = { kind: 'regex', pattern: '\\b(the|a|she)\\b', flags: 'iu', ...fold } as const;
      const judge = buildExtractor(extractor, matchPattern);
      return Promise.all(['The dog', 'so the cat', 'THE', 'A man', 'she'].map((text) => judge(text)));
    };
    expect(await votes({ fold: true })).toEqual(['the', 'the', 'the', 'a', 'she']);
    expect(await votes({})).toEqual(['The', 'the', 'THE', 'A', 'she']);
    const spaced = { kind: 'regex', pattern: 'new\\s+york', flags: 'iu', fold: true } as const;
    expect(await buildExtractor(spaced, matchPattern)('in New\n York')).toBe('new york');
  });

  test('there is no winner without answers', async () => {
    const { result } = await runScripted({
      strategy: { kind: 'majority-vote', n: 3, extractor: { kind: 'last-number' } },
      stop,
    });
    expect([result.winner, result.votes, result.ranking.length]).toEqual([null, [], 3]);
  });
});

describe('first valid', () => {
  test('the first valid text wins, the race ends there, and the others keep the tokens so far', async () => {
    const { result, engine } = await runScripted({
      strategy: { kind: 'first-valid', n: 6, verifier: { kind: 'length', min: 25 } },
      stop,
    });
    const winner = result.branches[result.winner!]!;
    expect([winner.valid, winner.reason]).toEqual([true, 'stop-sequence']);
    expect(winner.text.length).toBeGreaterThanOrEqual(25);
    const lost = result.branches.filter(({ reason }) => reason === 'lost-race');
    expect(lost.length).toBeGreaterThan(0);
    for (const { tokens } of lost) expect(tokens).toHaveLength(winner.tokens.length);
    for (const branch of result.branches) {
      if (branch.reason === 'stop-sequence' && branch.tokens.length < winner.tokens.length) {
        expect(branch.valid).toBe(false);
      }
    }
    expect(result.ranking[0]).toBe(winner.branch);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('there is no winner when no text is valid', async () => {
    const { result } = await runScripted({
      strategy: { kind: 'first-valid', n: 3, verifier: { kind: 'json' } },
      stop,
    });
    expect(result.winner).toBeNull();
    expect(result.branches.every(({ valid }) => valid === false)).toBe(true);
  });
});

describe('verifiers and answers', () => {
  const all = <T>(judge: (text: string) => Promise<T>, texts: readonly string[]): Promise<T[]> =>
    Promise.all(texts.map((text) => judge(text)));

  test('each verifier accepts only texts of its kind', async () => {
    const regex = buildVerifier({ kind: 'regex', pattern: '^yes', flags: 'giy' }, matchPattern);
    expect(await all(regex, ['Yes!', 'Yes!', 'no'])).toEqual([true, true, false]);
    const json = buildVerifier({ kind: 'json' }, matchPattern);
    expect(await all(json, [' {"a": [1]} ', '{a: 1}', ''])).toEqual([true, false, false]);
    const length = buildVerifier({ kind: 'length', min: 2, max: 3 }, matchPattern);
    expect(await all(length, ['', 'ab', 'abc', 'abcd'])).toEqual([false, true, true, false]);
  });

  test('each extractor finds its answer, or none', async () => {
    const number = buildExtractor({ kind: 'last-number' }, matchPattern);
    const texts = ['so 3 + 4 = 7.', '1,234.50', 'x = -2.0', 'none', '12345678901234567890'];
    expect(await all(number, texts)).toEqual(['7', '1234.5', '-2', null, '12345678901234567890']);
    const regex = { kind: 'regex', pattern: 'answer: (\\w+)', flags: 'i' } as const;
    expect(await all(buildExtractor(regex, matchPattern), ['Answer: Paris.', 'Paris'])).toEqual([
      'Paris',
      null,
    ]);
    const whole = buildExtractor({ kind: 'whole-text' }, matchPattern);
    expect(await all(whole, [' Yes,\n sir ', ''])).toEqual(['yes, sir', null]);
  });
});

/** The uses of a pattern that takes ages on most texts of the scripted engine. */
describe.each([
  ['nested repetitions', '^([^#]+\\s?)+#$'],
  ['nested alternatives', '^(([a-z ,.\\n"\']|\\s|\\w|[^#])+)+#$'],
])('a pattern that never finishes: %s', (_, pattern) => {
  const regex = { kind: 'regex', pattern } as const;
  test.each([
    { kind: 'first-valid', n: 3, verifier: regex },
    { kind: 'best-of-n', n: 3, score: { kind: 'verifier', verifier: regex } },
    { kind: 'majority-vote', n: 3, extractor: regex },
  ] as const)('$kind keeps the drawn tokens and names the pattern', async (strategy) => {
    const { result, events, engine } = await runScripted({
      strategy,
      stop: { maxTokens: 40, sequences: [] },
    });
    expect(result.error).toMatchObject({ code: 'bad-parameter' });
    expect(result.error!.message).toContain(pattern);
    expect(result.error!.message).toContain('took longer than 250 ms');
    expect(result.branches).toHaveLength(3);
    for (const { text } of result.branches) expect(text.length).toBeGreaterThan(20);
    expect(result.winner).toBeNull();
    const ended = events.flatMap((event) => (event.type === 'branch-end' ? [event.result.branch] : []));
    expect(ended.sort()).toEqual([0, 1, 2]);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });
});
