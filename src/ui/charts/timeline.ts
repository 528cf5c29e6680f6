/** A text's numbers as small multiples: one strip per unit, over one axis of output tokens. */
import type { Chart, ChartConfiguration, Plugin, Point, Scale } from 'chart.js';
import type { TimelineValues } from '../../playground/timeline_values';
import { count, decimal, figure, percent, placeOf } from '../format';
import { axisTicks, axisTitle, decadeAxis } from './axes';
import type { ChartTheme } from './chart_theme';
import type { LegendItem } from './legend';
import { drawUprights, positionAxis, type Upright } from './position_axis';

export type TimelineSeries = keyof TimelineValues;

export interface TimelineOptions {
  readonly shown: readonly TimelineSeries[];
  /** First and last position in view. */
  readonly range: readonly [number, number];
  readonly selected: number | null;
  readonly divergence: number | null;
  /** Position of the first output token. */
  readonly promptLength: number;
  /** The token at a position, with what cannot be seen made visible. */
  readonly tokenAt: (position: number) => string;
}

/** Positions in view up to which surprisals are bars. */
const maxBars = 300;
/** Points of a curve over more of them: about as many as there are pixels. Largest triangles (Steinarsson 2013) keep its peaks. */
const maxPoints = 600;

export const timelineSeries: readonly { key: TimelineSeries; label: string; help: string }[] = [
  { key: 'surprisal', label: 'surprisal', help: 'raw surprisal (−logprob) of the chosen token, nats' },
  { key: 'entropy', label: 'entropy', help: 'entropy of the raw distribution, nats' },
  { key: 'kept', label: 'kept', help: 'candidates that the chain kept, on a log axis' },
  { key: 'perplexity', label: 'perplexity', help: 'running perplexity of the text so far, on a log axis' },
  { key: 'masked', label: 'grammar', help: 'share of the mass that the grammar removed' },
];

/** Strips from top to bottom. */
const strips = ['nats', 'kept', 'perplexity', 'masked'] as const;
type Strip = (typeof strips)[number];

const stripOf: Readonly<Record<TimelineSeries, Strip>> = {
  surprisal: 'nats',
  entropy: 'nats',
  kept: 'kept',
  perplexity: 'perplexity',
  masked: 'masked',
};

const stripTitle: Readonly<Record<Strip, string>> = {
  nats: 'nats',
  kept: 'kept',
  perplexity: 'perplexity',
  masked: 'removed',
};

const wordsOf: Readonly<Record<TimelineSeries, (value: number) => string>> = {
  surprisal: (value) => `surprisal ${decimal(value)} nats`,
  entropy: (value) => `entropy ${decimal(value)} nats`,
  kept: (value) => `kept ${count(value)}`,
  perplexity: (value) => `perplexity ${decimal(value, 2)}`,
  masked: (value) => `the grammar removed ${percent(value)}`,
};

/** How each series is drawn; the legend shows the same. */
export function seriesColour(series: TimelineSeries, theme: ChartTheme): string {
  const { raw, final, cut, ink, muted } = theme;
  return { surprisal: raw, entropy: final, kept: cut, perplexity: ink, masked: muted }[series];
}

export function timelineLegend(timeline: TimelineValues, theme: ChartTheme): LegendItem[] {
  return drawnSeries(
    timeline,
    timelineSeries.map(({ key }) => key),
  ).map((key) => ({
    label: timelineSeries.find((series) => series.key === key)!.help,
    colour: seriesColour(key, theme),
    mark: 'line',
  }));
}

/** Those of `shown` that have a value; their strips are the ones that are drawn. */
function drawnSeries(timeline: TimelineValues, shown: readonly TimelineSeries[]): TimelineSeries[] {
  return timelineSeries
    .map(({ key }) => key)
    .filter((key) => shown.includes(key) && (key !== 'masked' || timeline.masked.some(Number.isFinite)));
}

export function timelineConfig(
  timeline: TimelineValues,
  theme: ChartTheme,
  options: TimelineOptions,
): ChartConfiguration<'bar' | 'line', Point[]> {
  const [first, last] = options.range;
  const drawn = drawnSeries(timeline, options.shown);
  // Bars thinner than a pixel are slower than a line and say no more.
  const dense = last - first > maxBars;
  const points = (values: Float64Array): Point[] => {
    const out: Point[] = [];
    for (let x = first; x <= Math.min(values.length - 1, last); x++)
      if (Number.isFinite(values[x]!)) out.push({ x, y: values[x]! });
    return out;
  };
  const dataset = (series: TimelineSeries) => ({
    label: series,
    data: points(timeline[series]),
    borderColor: seriesColour(series, theme),
    backgroundColor: seriesColour(series, theme),
    yAxisID: stripOf[series],
  });
  // Curves lie on bars.
  const datasets = drawn.toReversed().map((series) =>
    series === 'surprisal' && !dense
      ? {
          ...dataset(series),
          type: 'bar' as const,
          categoryPercentage: 0.9,
          barPercentage: 1,
          maxBarThickness: 10,
        }
      : {
          ...dataset(series),
          type: 'line' as const,
          borderWidth: series === 'surprisal' ? 1 : 1.5,
          pointRadius: 0,
          pointHitRadius: 0,
          stepped: series === 'kept' || series === 'masked' ? ('middle' as const) : false,
        },
  );
  const largest = (strip: Strip): number =>
    datasets
      .filter(({ yAxisID }) => yAxisID === strip)
      .reduce((most, { data }) => data.reduce((so, { y }) => Math.max(so, y ?? 0), most), 0);
  return {
    type: 'bar',
    data: { datasets },
    options: {
      parsing: false,
      normalized: true,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: {
        x: positionAxis(theme, first, last, options.promptLength),
        ...Object.fromEntries(
          strips
            .filter((strip) => drawn.some((series) => stripOf[series] === strip))
            .map((strip) => [strip, stripAxis(strip, theme, largest(strip))]),
        ),
      },
      plugins: {
        decimation: { enabled: dense, algorithm: 'lttb', samples: maxPoints, threshold: maxPoints },
        tooltip: {
          displayColors: false,
          caretPadding: 12,
          // One item stands for its token: curves that were thinned out have no point of their own there.
          filter: (_, index) => index === 0,
          callbacks: {
            title: ([item]) => tokenTitle(Math.round(item?.parsed.x ?? 0), options),
            label: ({ parsed }) => {
              const position = Math.round(parsed.x ?? 0);
              return drawn
                .filter((series) => Number.isFinite(timeline[series][position]))
                .map((series) => wordsOf[series](timeline[series][position]!));
            },
          },
        },
      },
    },
    plugins: [marks(theme, options)],
  };
}

function tokenTitle(position: number, { promptLength, tokenAt }: TimelineOptions): string {
  return `${placeOf(position, promptLength)}  ${tokenAt(position)}`;
}

/** A strip's axis. There is room above its values, so that its labels keep away from those of the strip above. */
function stripAxis(strip: Strip, theme: ChartTheme, largest: number) {
  const common = {
    stack: 'timeline',
    stackWeight: strip === 'nats' ? 3 : 2,
    weight: strips.length - strips.indexOf(strip),
    title: axisTitle(theme, stripTitle[strip]),
    grid: { color: theme.grid },
    border: { color: theme.grid },
  };
  if (strip === 'kept' || strip === 'perplexity')
    // Both are 1 at least, and vary by powers of ten.
    return {
      ...decadeAxis(theme, headroom),
      ...common,
      min: 0.8,
      max: Math.max(20, 2 * largest),
    };
  return {
    ...common,
    type: 'linear' as const,
    min: 0,
    grace: '20%',
    ...(strip === 'masked' ? { max: 1.3 } : {}),
    afterBuildTicks: (axis: Scale) => {
      const pixels = axis.height / (axis.max - axis.min);
      axis.ticks = axis.ticks.filter(({ value }) => (axis.max - value) * pixels >= headroom);
    },
    ticks: {
      ...axisTicks(theme),
      maxTicksLimit: 4,
      precision: 0,
      ...(strip === 'masked' ? { stepSize: 1 } : {}),
      callback: (value: number | string) =>
        strip === 'masked' ? percent(Number(value)) : figure(Number(value)),
    },
  };
}

/** Pixels at the top of a strip without a label, which would meet the lowest one of the strip above. */
const headroom = 9;

/** The selected step, the end of the prompt, and where the re-derived text would part; through all strips. */
function marks(
  theme: ChartTheme,
  { promptLength, divergence, selected }: TimelineOptions,
): Plugin<'bar' | 'line'> {
  const uprights: Upright[] = [{ at: promptLength - 0.5, colour: theme.muted, width: 1, dash: [2, 3] }];
  if (divergence !== null) uprights.push({ at: divergence, colour: theme.cut, width: 1.5, dash: [4, 3] });
  if (selected !== null) uprights.push({ at: selected, colour: theme.accent, width: 1.5 });
  return { id: 'marks', beforeDatasetsDraw: (chart) => drawUprights(chart as Chart, uprights) };
}
