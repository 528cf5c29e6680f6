import { expect, test } from 'vitest';
import type { Strategy } from '../../../src/decoding/events.ts';
import { rankingOf } from '../../../src/playground/compare/ranking.ts';
import { runScripted } from '../decoding/run_scripted.ts';
import { textsOf } from './texts_of.ts';

async function rankedAs(strategy: Strategy) {
  const { events, result } = await runScripted({ strategy, stop: { maxTokens: 30, sequences: ['.'] } });
  const texts = textsOf(events);
  return { texts, result, rows: rankingOf({ texts, strategy, result }) };
}

test('best of N is one table in the order of its ranking, with why each sample is not the first', async () => {
  const { rows, result } = await rankedAs({ kind: 'best-of-n', n: 6, score: { kind: 'average-logprob' } });
  expect(rows.map(({ lane }) => lane)).toEqual(result.ranking);
  expect(rows.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(rows.map(({ won }) => won)).toEqual([true, false, false, false, false, false]);
  const logprobs = rows.map(({ figures }) => figures.meanLogprob);
  expect(logprobs).toEqual([...logprobs].sort((a, b) => b - a));
  expect(rows[0]!.note).toBe('');
  for (const { note } of rows.slice(1)) expect(note).toMatch(/nats behind|drawn later/);
});

test('a vote stands by answers, and a sample without one has no place', async () => {
  const extractor = { kind: 'regex', pattern: '\\b(the|a)\\b', flags: 'iu', fold: true } as const;
  const { rows, result } = await rankedAs({ kind: 'majority-vote', n: 12, extractor });
  const answers = rows.flatMap(({ vote }) => (vote ? [vote.answer] : []));
  expect([...new Set(answers)]).toEqual(result.votes.map(({ answer }) => answer));
  expect(rows[0]!.won).toBe(true);
  for (const { vote, rank, judged } of rows) {
    expect(vote?.answer ?? null).toBe(judged!.answer);
    expect(rank === null).toBe(judged!.answer === null);
  }
});

test('a race has a winner and no order behind it', async () => {
  const verifier = { kind: 'length', min: 20 } as const;
  const { rows, result } = await rankedAs({ kind: 'first-valid', n: 5, verifier });
  expect(rows[0]).toMatchObject({ lane: result.winner, rank: 1, won: true, note: '' });
  expect(rows.slice(1).every(({ rank, won }) => rank === null && !won)).toBe(true);
  expect(rows.some(({ note }) => note === 'another was first')).toBe(true);
});

test('beams are ranked without the pruned ones, and nothing is ranked before the search is over', async () => {
  const strategy = { kind: 'beam', width: 3, lengthPenalty: 1 } as const;
  const { rows, texts, result } = await rankedAs(strategy);
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.every(({ lane }) => texts[lane]!.reason !== 'pruned')).toBe(true);
  expect(rows[0]!.lane).toBe(result.winner);
  const scores = rows.map(({ judged }) => judged!.score!);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(rankingOf({ texts, strategy, result: null })).toEqual([]);
});

test('lanes keep their order and have no places; running samples wait for theirs', async () => {
  const { texts, result } = await rankedAs({ kind: 'best-of-n', n: 3, score: { kind: 'longest' } });
  const lanes = rankingOf({ texts, strategy: { kind: 'sample' }, result });
  expect(lanes.map(({ lane, rank, won }) => [lane, rank, won])).toEqual([
    [0, null, false],
    [1, null, false],
    [2, null, false],
  ]);
  const strategy = { kind: 'best-of-n', n: 3, score: { kind: 'longest' } } as const;
  expect(rankingOf({ texts, strategy, result: null }).map(({ rank }) => rank)).toEqual([null, null, null]);
});
