import type { Chart, ChartConfiguration, Plugin, Point } from 'chart.js';
import type { TimelineValues } from '../../playground/timeline_values';
import { count, decimal, percent } from '../format';
import type { ChartTheme } from './chart_theme';
import { axisTicks, drawUprights, positionAxis, type Upright } from './position_axis';

export type TimelineSeries = keyof TimelineValues;

export interface TimelineOptions {
  readonly shown: readonly TimelineSeries[];
  /** The first and the last position in view. */
  readonly range: readonly [number, number];
  readonly selected: number | null;
  readonly divergence: number | null;
  readonly promptEnd: number;
}

/** Up to this many positions in view, logprobs are bars. */
const maxBars = 300;
/** The points of a longer curve: about as many as there are pixels. Largest triangles (Steinarsson 2013) keep the peaks. */
const maxPoints = 600;

export const timelineSeries: readonly { key: TimelineSeries; label: string; help: string }[] = [
  { key: 'logprob', label: 'logprob', help: 'raw logprob of the chosen token, nats' },
  { key: 'entropy', label: 'entropy', help: 'entropy of the raw distribution, nats' },
  { key: 'kept', label: 'kept', help: 'candidates that the chain left' },
  { key: 'perplexity', label: 'perplexity', help: 'running perplexity of the text so far' },
  { key: 'masked', label: 'grammar', help: 'share of the mass that the grammar removed' },
];

/** How each series is drawn; the legend shows the same. */
export function seriesColour(series: TimelineSeries, theme: ChartTheme): string {
  const { raw, final, cut, ink, muted } = theme;
  return { logprob: raw, entropy: final, kept: cut, perplexity: ink, masked: muted }[series];
}

/**
 * Logprob hangs from zero, and entropy stands on it. Candidates kept and perplexity share a log axis above them. What a
 * grammar removed has a strip of its own at the top.
 */
export function timelineConfig(
  timeline: TimelineValues,
  theme: ChartTheme,
  options: TimelineOptions,
): ChartConfiguration<'bar' | 'line', Point[]> {
  const points = (values: Float64Array): Point[] => {
    const out: Point[] = [];
    const first = options.range[0];
    const last = Math.min(values.length - 1, options.range[1]);
    for (let i = first; i <= last; i++) {
      if (Number.isFinite(values[i]!)) out.push({ x: i, y: values[i]! });
    }
    return out;
  };
  const ticks = axisTicks(theme);
  const text = (series: TimelineSeries) => ({
    type: 'line' as const,
    label: series,
    data: options.shown.includes(series) ? points(timeline[series]) : [],
    borderColor: seriesColour(series, theme),
    backgroundColor: seriesColour(series, theme),
    borderWidth: series === 'perplexity' ? 1 : 1.5,
    borderDash: series === 'perplexity' ? [4, 2] : [],
    pointRadius: 0,
    pointHitRadius: 0,
    yAxisID: series === 'kept' || series === 'perplexity' ? 'upper' : series === 'masked' ? 'mask' : 'y',
    stepped: series === 'kept' || series === 'masked' ? ('middle' as const) : false,
  });
  // Bars thinner than a pixel are slower than a line and show no more.
  const dense = options.range[1] - options.range[0] > maxBars;
  const mask = options.shown.includes('masked') && timeline.masked.some(Number.isFinite);
  const upper = options.shown.includes('kept') || options.shown.includes('perplexity');
  return {
    type: 'bar',
    data: {
      datasets: [
        text('entropy'),
        text('kept'),
        text('perplexity'),
        ...(mask ? [text('masked')] : []),
        dense
          ? { ...text('logprob'), borderWidth: 1 }
          : {
              type: 'bar',
              label: 'logprob',
              data: options.shown.includes('logprob') ? points(timeline.logprob) : [],
              backgroundColor: seriesColour('logprob', theme),
              yAxisID: 'y',
              barPercentage: 1,
              categoryPercentage: 0.9,
              maxBarThickness: 10,
            },
      ],
    },
    options: {
      parsing: false,
      normalized: true,
      interaction: { mode: 'x', intersect: false },
      scales: {
        x: positionAxis(theme, ...options.range),
        y: {
          type: 'linear',
          stack: 'timeline',
          stackWeight: 3,
          weight: 1,
          grid: { color: theme.grid },
          border: { display: false },
          ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => decimal(Number(value), 0) },
        },
        upper: {
          type: 'logarithmic',
          display: upper,
          stack: 'timeline',
          stackWeight: 2,
          weight: 2,
          min: 1,
          grid: { color: theme.grid, drawTicks: false },
          border: { display: false },
          ticks: {
            ...ticks,
            callback: (value) =>
              Number(value) > 1 && Number.isInteger(Math.log10(Number(value))) ? count(Number(value)) : '',
          },
        },
        ...(mask
          ? {
              mask: {
                type: 'linear' as const,
                stack: 'timeline',
                stackWeight: 1,
                weight: 3,
                min: 0,
                max: 1,
                grid: { color: theme.grid, drawTicks: false },
                border: { display: false },
                ticks: {
                  ...ticks,
                  stepSize: 1,
                  callback: (value: number | string) => percent(Number(value)),
                },
              },
            }
          : {}),
      },
      plugins: {
        decimation: { enabled: dense, algorithm: 'lttb', samples: maxPoints, threshold: maxPoints },
        tooltip: {
          callbacks: {
            title: (items) => `token ${count(Math.round(items[0]?.parsed.x ?? 0))}`,
            label: (item) =>
              item.dataset.label === 'masked'
                ? `the grammar removed ${percent(item.parsed.y ?? 0)}`
                : `${item.dataset.label} ${decimal(item.parsed.y ?? 0, 3)}`,
          },
        },
      },
    },
    plugins: [marks(theme, options)],
  };
}

/** The selected step, the end of the prompt, and where the text would part under the current settings. */
function marks(
  theme: ChartTheme,
  { promptEnd, divergence, selected }: TimelineOptions,
): Plugin<'bar' | 'line'> {
  const uprights: Upright[] = [{ at: promptEnd - 0.5, colour: theme.muted, width: 1, dash: [2, 3] }];
  if (divergence !== null) uprights.push({ at: divergence, colour: theme.cut, width: 1.5, dash: [4, 3] });
  if (selected !== null) uprights.push({ at: selected, colour: theme.accent, width: 1.5 });
  return { id: 'marks', beforeDatasetsDraw: (chart: Chart) => drawUprights(chart, uprights) };
}
