import { describe, expect, test } from 'vitest';
import {
  barLabel,
  partAt,
  partName,
  samePart,
  shownBars,
  softmaxOf,
  stageWords,
} from '../../src/ui/panels/inspector/draw/draw_bars.ts';
import type { DrawBar, DrawPart, DrawView } from '../../src/worker/api/views.ts';

/** A bar of tokens 0, 1, 2 … with these logits, and after them candidates that are not listed. */
function bar(
  stage: string | null,
  logits: readonly (number | null)[],
  unlisted: readonly number[] = [],
): DrawBar {
  const all = [...logits.filter((logit) => logit !== null), ...unlisted];
  const max = Math.max(...all);
  const logNormaliser = max + Math.log(all.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
  const share = (logit: number): number => Math.exp(logit - logNormaliser);
  const parts: DrawPart[] = [];
  let start = 0;
  const add = (part: Omit<DrawPart, 'start'>): void => {
    parts.push({ ...part, start });
    start += part.probability;
  };
  logits.forEach((logit, token) => {
    if (logit !== null) add({ token, label: ` w${token}`, count: 1, probability: share(logit), logit });
  });
  if (unlisted.length > 0) {
    const probability = unlisted.reduce((sum, logit) => sum + share(logit), 0);
    add({ token: null, label: '', count: unlisted.length, probability, logit: NaN });
  }
  return { stage, label: stage ?? 'Raw', note: '', count: all.length, max, logNormaliser, parts };
}

const raw = bar(null, [5, 4, 3], [2, 1, 0]);
const cut = bar('Top-k', [5, 4, null]);
const heated = { ...bar('Temperature', [10, 8, null]), note: 'T = 0.5' };
const draw = (...bars: DrawBar[]): DrawView => ({ chosen: 0, drawn: 0, u: 0.5, bars });

describe('the bars of a draw', () => {
  test('a stage that changed nothing has none, and the last one shown is the draw’s', () => {
    const bars = shownBars(draw(raw, cut, { ...cut, stage: 'Min-p' }));
    expect(bars.map(({ stage, final }) => [stage, final])).toEqual([
      [null, false],
      ['Top-k', true],
    ]);
    expect(shownBars(draw(raw, raw)).map(({ final }) => final)).toEqual([true]);
  });

  test('the tokens that the next stage removes are marked', () => {
    const bars = shownBars(draw(raw, cut, heated));
    expect(bars.map(({ leaving }) => [...leaving])).toEqual([[2], [], []]);
  });

  test('say what a stage did, and what stands first', () => {
    expect(stageWords(raw, null)).toBe('6 candidates');
    expect(stageWords(cut, raw)).toBe('6 → 2 candidates');
    expect(stageWords(heated, cut)).toBe('T = 0.5');
    expect(barLabel(cut)).toBe('After Top-k: 2 candidates; ␣w0 73.1 %, ␣w1 26.9 %');
    expect(barLabel(bar(null, [1]))).toBe('Before the chain: 1 candidate; ␣w0 100 %');
    expect(partName(raw.parts.at(-1)!)).toBe('3 others');
  });

  test('a place names its part, also where rounding leaves the bar short of 1', () => {
    expect(partAt(cut, 0)).toBe(0);
    expect(partAt(cut, 0.74)).toBe(1);
    expect(partAt(cut, 1)).toBe(1);
  });

  test('from bar to bar the arrow keys follow the token, or else the place', () => {
    expect(samePart(raw.parts[1]!, cut)).toBe(1);
    expect(samePart(raw.parts[2]!, cut)).toBe(1);
    expect(samePart(cut.parts[0]!, raw)).toBe(0);
  });
});

test('a softmax spelled out: weights, their sum over all candidates, and the quotient', () => {
  const { max, sum, rows, others } = softmaxOf(raw, 2);
  const weights = [5, 4, 3, 2, 1, 0].map((logit) => Math.exp(logit - 5));
  const total = weights.reduce((all, weight) => all + weight, 0);
  expect(max).toBe(5);
  expect(sum).toBeCloseTo(total, 12);
  expect(rows.map(({ below }) => below)).toEqual([0, -1]);
  rows.forEach(({ weight, probability }, index) => {
    expect(weight).toBeCloseTo(weights[index]!, 12);
    expect(weight / sum).toBeCloseTo(probability, 12);
  });
  expect(others.count).toBe(4);
  expect(others.weight).toBeCloseTo(total - weights[0]! - weights[1]!, 12);
  expect(others.probability).toBeCloseTo(others.weight / total, 12);
});
