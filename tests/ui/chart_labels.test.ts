/**
 * Random runs at the widths of real windows: no label of a chart overlaps another, and none is cut off. The steps come from the
 * real sampler; the figures of texts are random.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Tokenizer } from '../../src/engines/contract.ts';
import { Candidates } from '../../src/sampling/candidates.ts';
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { STAGES, type StageName } from '../../src/sampling/params.ts';
import { candidatesConfig, candidatesHeight } from '../../src/ui/charts/candidates.ts';
import type { ChartTheme } from '../../src/ui/charts/chart_theme.ts';
import { divergenceConfig } from '../../src/ui/charts/divergence.ts';
import { laneOverlayConfig, laneOverlayHeight } from '../../src/ui/charts/lane_overlay.ts';
import { laneTimelineConfig } from '../../src/ui/charts/lane_timeline.ts';
import { rankCurveConfig } from '../../src/ui/charts/rank_curve.ts';
import { timelineConfig, timelineSeries } from '../../src/ui/charts/timeline.ts';
import { waterfallConfig } from '../../src/ui/charts/waterfall.ts';
import { stepView } from '../../src/worker/texts/step_view.ts';
import type { StepView } from '../../src/worker/api/views.ts';
import { faultsOf, textsOf } from './recording_canvas.ts';

const theme = Object.fromEntries(
  ['ink', 'muted', 'grid', 'panel', 'raw', 'final', 'gone', 'cut', 'accent', 'font', 'mono'].map((key) => [
    key,
    key,
  ]),
) as unknown as ChartTheme;
const colours = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];
const seed = 13;

/** CSS pixels that charts have in windows of 1440, 1920, 768 and 390 px. */
const inspectorWidths = [424, 504, 366, 744] as const;
const pairWidths = [205, 245, 366, 744] as const;
const timelineWidths = [660, 1000, 1424, 744, 366] as const;

/** Of the timeline's drawing without the strip of a grammar. */
const plotHeight = 206;

const labels = [
  'a',
  '␣the',
  ' little',
  '\n',
  ' internationalisation',
  '<|end_of_text|>',
  '日本',
  '⟨00A0⟩',
  '…',
  ' x',
];
const tokenizer = { label: (token: number) => labels[token % labels.length]! } as unknown as Tokenizer;

const params = fc
  .record({
    topK: fc.constantFrom(0, 1, 5, 40),
    topP: fc.constantFrom(0.3, 0.95, 1),
    minP: fc.constantFrom(0, 0.05, 0.4),
    typicalP: fc.constantFrom(0.5, 1),
    topNSigma: fc.constantFrom(-1, 1),
    topA: fc.constantFrom(0, 0.2),
    xtcProbability: fc.constantFrom(0, 1),
    temperature: fc.constantFrom(0, 0.3, 1, 1.7),
    repeatPenalty: fc.constantFrom(1, 1.3),
    dryMultiplier: fc.constantFrom(0, 0.8),
  })
  .map((some) => ({ ...defaultParams(), ...some }));

/** What a step is made from: a vocabulary of up to a hundred thousand tokens, steep or flat. */
const steps = fc.record({
  size: fc.constantFrom(30, 4096, 151_936),
  heat: fc.constantFrom(0.2, 1, 5, 12),
  params,
  top: fc.integer({ min: 1, max: 50 }),
  shift: fc.nat(1000),
});

type StepSeed = typeof steps extends fc.Arbitrary<infer Seed> ? Seed : never;

function viewOf({ size, heat, params: chain, top, shift }: StepSeed): StepView {
  const logits = Float32Array.from(
    { length: size },
    (_, i) => heat * Math.sin((i + shift) * 12.9898) * Math.cos((i + shift) * 0.7),
  );
  const sampler = new Sampler(chain, { vocabularySize: size }, new Candidates(size));
  const { token } = sampler.sample(logits, { history: [1, 2, 3, 1, 2], position: 5 });
  return stepView(sampler.trace(), token, true, tokenizer, top);
}

function expectReadable(texts: Parameters<typeof faultsOf>[0], width: number, height: number): void {
  expect(texts.length).toBeGreaterThan(2);
  expect(faultsOf(texts, width, height)).toEqual([]);
}

test('the test itself finds labels that overlap, that are turned, and that are cut off', () => {
  const box = (text: string, x: number, y: number): Parameters<typeof faultsOf>[0][number] => ({
    text,
    corners: [
      [x, y],
      [x + 20, y],
      [x + 20, y + 10],
      [x, y + 10],
    ],
  });
  expect(faultsOf([box('a', 0, 0), box('b', 21, 0)], 100, 100)).toEqual([]);
  expect(faultsOf([box('a', 0, 0), box('b', 15, 5)], 100, 100)).toEqual(['“a” lies on “b”']);
  expect(faultsOf([box('a', 90, 0)], 100, 100)).toEqual(['“a” is cut off']);
});

test('the candidates', () => {
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom(...inspectorWidths),
      fc.constantFrom('linear' as const, 'log' as const),
      (seed, width, scale) => {
        const view = viewOf(seed);
        const config = candidatesConfig(view, theme, {
          scale,
          stageLabel: (stage) => STAGES[stage as StageName].label,
        });
        const height = candidatesHeight(view.rows.length);
        expectReadable(textsOf(config, width, height), width, height);
      },
    ),
    { numRuns: 150, seed },
  );
});

test('the candidates through the chain', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(...pairWidths), (seed, width) => {
      const view = viewOf(seed);
      fc.pre(view.stages!.length > 0);
      const config = waterfallConfig(view.stages!, view.curve.vocabularySize, theme);
      expectReadable(textsOf(config, width, 170), width, 170);
    }),
    { numRuns: 150, seed },
  );
});

test('probability by rank', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(...pairWidths), (seed, width) => {
      const view = viewOf(seed);
      const config = rankCurveConfig(view.curve, view.cuts, theme);
      expectReadable(textsOf(config, width, 170), width, 170);
    }),
    { numRuns: 150, seed },
  );
});

/** Figures up to a largest one, and some that are missing; a column repeats them. */
const figures = (...most: number[]) =>
  fc.record({
    most: fc.constantFrom(...most),
    some: fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, NaN)), {
      minLength: 1,
      maxLength: 40,
    }),
  });
type Figures = ReturnType<typeof figures> extends fc.Arbitrary<infer F> ? F : never;

function column(length: number, { most, some }: Figures): Float64Array {
  return Float64Array.from({ length }, (_, i) => some[i % some.length]! * most);
}

test('the timeline', () => {
  const text = fc.record({
    length: fc.integer({ min: 2, max: 2500 }),
    prompt: fc.double({ min: 0, max: 0.99, noNaN: true }),
    surprisal: figures(1e-3, 1, 30),
    entropy: figures(12),
    kept: figures(1, 40, 151_936),
    perplexity: figures(0.5, 20, 1e5),
    masked: fc.option(figures(1), { nil: null }),
    shown: fc.subarray(
      timelineSeries.map(({ key }) => key),
      { minLength: 1 },
    ),
    width: fc.constantFrom(...timelineWidths),
  });
  fc.assert(
    fc.property(text, ({ length, shown, width, ...seeds }) => {
      const height = plotHeight + (seeds.masked ? 50 : 0);
      const promptLength = Math.floor(seeds.prompt * length);
      const values = {
        surprisal: column(length, seeds.surprisal),
        entropy: column(length, seeds.entropy),
        kept: column(length, seeds.kept).map((value) => Math.max(1, Math.round(value))),
        perplexity: column(length, seeds.perplexity).map((value) => 1 + value),
        masked: seeds.masked ? column(length, seeds.masked) : new Float64Array(length).fill(NaN),
      };
      const config = timelineConfig(values, theme, {
        shown,
        range: [0, length - 1],
        selected: null,
        divergence: null,
        promptLength,
        tokenAt: String,
      });
      expect(faultsOf(textsOf(config, width, height), width, height)).toEqual([]);
    }),
    { numRuns: 300, seed },
  );
});

test('the lanes: their timeline, their step, and the distance of two engines', () => {
  const lanes = fc.record({
    lengths: fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 16 }),
    scale: fc.constantFrom('nats' as const, 'count' as const, 'share' as const),
    width: fc.constantFrom(...timelineWidths),
    values: figures(1, 12, 151_936),
  });
  fc.assert(
    fc.property(lanes, ({ lengths, scale, width, values: { some, most } }) => {
      const at = (i: number): number => {
        const value = some[i % some.length]!;
        return scale === 'share'
          ? value
          : scale === 'count'
            ? Math.max(1, Math.round(value * most))
            : value * 12;
      };
      const series = lengths.map((length, lane) => ({
        lane,
        name: `${lane} T 0.8`,
        values: Float64Array.from({ length }, (_, i) => at(i + lane)),
      }));
      const timeline = laneTimelineConfig(series, theme, colours, {
        measure: 'candidates kept',
        scale,
        selected: null,
        focus: 0,
      });
      expect(faultsOf(textsOf(timeline, width, 130), width, 130)).toEqual([]);
      const points = Array.from({ length: lengths[0]! }, (_, i) => ({
        kl: some[i % some.length]! ** 3,
        sameTop: true,
        label: 'a',
      }));
      const distance = textsOf(divergenceConfig(points, theme), width, 150);
      expect(faultsOf(distance, width, 150)).toEqual([]);
    }),
    { numRuns: 150, seed },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...labels), { minLength: 1, maxLength: 30 }),
      fc.constantFrom(...inspectorWidths),
      (names, width) => {
        const none = Float64Array.from(names, () => 0.5);
        const lane = {
          lane: 0,
          name: 'a',
          view: {
            context: 0,
            chosen: 0,
            raw: none,
            final: none,
            removedBy: names.map(() => null),
            rest: 0,
            entropyRaw: 1,
            entropyFinal: 1,
            kept: 2,
            u: null,
          },
        };
        const config = laneOverlayConfig(
          { tokens: names.map((_, i) => i), labels: names },
          [lane],
          theme,
          colours,
        );
        const height = laneOverlayHeight(names.length);
        expectReadable(textsOf(config, width, height), width, height);
      },
    ),
    { numRuns: 100, seed },
  );
});
