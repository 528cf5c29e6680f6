import { expect, test } from 'vitest';
import { candidatesConfig } from '../../src/ui/charts/candidates.ts';
import type { ChartTheme } from '../../src/ui/charts/chart_theme.ts';
import { rankCurveConfig } from '../../src/ui/charts/rank_curve.ts';
import { timelineConfig } from '../../src/ui/charts/timeline.ts';
import { waterfallConfig, withoutStages } from '../../src/ui/charts/waterfall.ts';
import { colourStep } from '../../src/playground/token_colour.ts';
import type { CandidateRow, StepView } from '../../src/worker/api/views.ts';

const theme = Object.fromEntries(
  ['ink', 'muted', 'grid', 'panel', 'raw', 'final', 'gone', 'cut', 'accent', 'font', 'mono'].map((key) => [
    key,
    key,
  ]),
) as unknown as ChartTheme;

function row(token: number, raw: number, final: number, removedBy: string | null): CandidateRow {
  return {
    token,
    label: `t${token}`,
    logit: Math.log(raw),
    raw,
    rawLogprob: Math.log(raw),
    final,
    rank: token,
    removedBy,
    missed: null,
  };
}

const view: StepView = {
  chosen: 2,
  rows: [row(1, 0.5, 0.6, null), row(2, 0.3, 0.4, null), row(3, 0.1, 0, 'top_k')],
  rest: { count: 97, raw: 0.1, final: 0 },
  stages: [],
  curve: {
    vocabularySize: 100,
    ranks: Float64Array.of(1, 2, 3, 100),
    raw: Float64Array.of(0.5, 0.3, 0.1, 1e-12),
    final: Float64Array.of(0.6, 0.4, 0, 0),
  },
  cuts: [],
  entropyRaw: 1,
  entropyFinal: 0.6,
  kept: 2,
  u: 0.7,
};

test('candidates have removed ones in grey, the rest as one bar, and the chosen one marked', () => {
  const { data } = candidatesConfig(view, theme, { scale: 'linear', stageLabel: (stage) => stage });
  expect(data.labels).toEqual(['t1', '▸ t2', 't3', 'the other 97']);
  expect(data.datasets[0]!.data).toEqual([0.5, 0.3, 0.1, 0.1]);
  expect(data.datasets[1]!.data).toEqual([0.6, 0.4, 0, 0]);
  expect(data.datasets[0]!.backgroundColor).toEqual(['raw', 'raw', 'gone', 'gone']);
});

test('candidates on a log axis leave out zeros', () => {
  const { data, options } = candidatesConfig(view, theme, { scale: 'log', stageLabel: (stage) => stage });
  expect(data.datasets[1]!.data).toEqual([0.6, 0.4, null, null]);
  expect(options?.scales?.['x']?.type).toBe('logarithmic');
});

test('the waterfall puts the mass that a stage removed on the mass that it left', () => {
  const stage = {
    stage: 'top_k',
    label: 'Top-k',
    before: 100,
    after: 2,
    massRemoved: 0.2,
    rawMassLeft: 0.8,
    note: '',
  };
  const { data } = waterfallConfig([stage, { ...stage, before: 2, rawMassLeft: 0.5 }], 100, theme);
  expect(data.datasets[1]!.data).toEqual([
    [0, 0.8],
    [0, 0.5],
  ]);
  expect(data.datasets[2]!.data).toEqual([
    [0.8, 1],
    [0.5, 0.8],
  ]);
});

test('the rank curve has both curves, without values below the floor or removed tokens', () => {
  const { data } = rankCurveConfig(view.curve, [], theme);
  expect(data.datasets[0]!.data).toEqual([
    { x: 1, y: 0.5 },
    { x: 2, y: 0.3 },
    { x: 3, y: 0.1 },
  ]);
  expect(data.datasets[1]!.data).toEqual([
    { x: 1, y: 0.6 },
    { x: 2, y: 0.4 },
  ]);
});

test('the timeline has only the selected curves, and only known values in the zoomed range', () => {
  const values = Float64Array.of(NaN, 1, 2, 3);
  const timeline = {
    surprisal: values,
    entropy: values,
    kept: values,
    perplexity: values,
    masked: new Float64Array(values.length).fill(NaN),
  };
  const { data } = timelineConfig(timeline, theme, {
    shown: ['entropy', 'surprisal'],
    range: [0, 2],
    selected: null,
    divergence: null,
    promptLength: 1,
    tokenAt: String,
  });
  const sizes = Object.fromEntries(data.datasets.map(({ label, data: points }) => [label, points.length]));
  expect(sizes).toEqual({ entropy: 2, surprisal: 2 });
});

test.each([
  ['probability', Math.log(0.95), 0],
  ['probability', Math.log(0.4), 3],
  ['probability', Math.log(0.001), 7],
  ['probability', NaN, 0],
  ['probability', -Infinity, 7],
] as const)('colouring by %s gives logprob %d step %d', (mode, logprob, step) => {
  expect(colourStep(mode, { rawLogprob: logprob, finalLogprob: logprob, entropy: NaN, rank: NaN })).toBe(
    step,
  );
});

test.each([
  [1, 0],
  [2, 1],
  [5, 3],
  [10, 4],
  [11, 5],
  [101, 7],
])('colouring by rank gives rank %d step %d', (rank, step) => {
  expect(colourStep('rank', { rawLogprob: 0, finalLogprob: 0, entropy: 0, rank })).toBe(step);
});

test('every candidate has a visible name, even if it is white space', () => {
  const rows = [' ', '\n', '\t', '\u00a0', '\u3000', ' the'].map((label, i) => ({
    ...row(i + 1, 0.1, 0.1, null),
    label,
  }));
  const { data } = candidatesConfig({ ...view, chosen: 1, rows }, theme, {
    scale: 'linear',
    stageLabel: (stage) => stage,
  });
  expect(data.labels!.slice(0, 6)).toEqual(['▸ ␣', '↵', '⇥', '⟨00A0⟩', '⟨3000⟩', '␣the']);
});

test('a chain that changed nothing says so, and differs from unknown stages', () => {
  expect(withoutStages([])).toContain('No stage of the chain changed anything');
  expect(withoutStages(null)).toContain('known only for logits that were computed in this page');
});
