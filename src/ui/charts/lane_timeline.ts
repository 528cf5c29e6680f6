import type { Chart, ChartConfiguration, Plugin, Point } from 'chart.js';
import { count, decimal, figure, percent } from '../format';
import type { ChartTheme } from './chart_theme';
import { laneStroke } from './lane_colours';
import { axisTicks, axisTitle, decadeAxis, shareAxis } from './axes';
import { drawUprights, positionAxis, type Upright } from './position_axis';

/** One lane's values per output token; NaN if it has none. */
export interface LaneSeries {
  readonly lane: number;
  readonly name: string;
  readonly values: Float64Array;
}

export interface LaneTimelineOptions {
  /** What the curves show, as the axis says it. */
  readonly measure: string;
  /** Candidates kept span decades; a share goes from 0 to 1. */
  readonly scale: 'nats' | 'count' | 'share';
  /** An output index. */
  readonly selected: number | null;
  /** Drawn thicker. */
  readonly focus: number;
}

/** The most points of all curves together; beyond it, each gets its share. Largest triangles (Steinarsson 2013) keep the peaks. */
const maxPoints = 1600;

/** One number of each lane over the text, with a line per lane. */
export function laneTimelineConfig(
  lanes: readonly LaneSeries[],
  theme: ChartTheme,
  colours: readonly string[],
  options: LaneTimelineOptions,
): ChartConfiguration<'line', Point[]> {
  const longest = Math.max(1, ...lanes.map(({ values }) => values.length));
  const samples = Math.max(100, Math.floor(maxPoints / Math.max(1, lanes.length)));
  const points = (values: Float64Array): Point[] =>
    Array.from(values, (y, i) => ({ x: i + 1, y })).filter(({ y }) => Number.isFinite(y));
  return {
    type: 'line',
    data: {
      datasets: lanes.map(({ lane, name, values }) => {
        const { colour, dash } = laneStroke(lane, colours);
        return {
          label: name,
          data: points(values),
          borderColor: colour,
          backgroundColor: colour,
          borderDash: dash,
          borderWidth: lane === options.focus ? 2.5 : 1.2,
          pointRadius: 0,
          pointHitRadius: 0,
          order: lane === options.focus ? 0 : 1,
        };
      }),
    },
    options: {
      parsing: false,
      normalized: true,
      interaction: { mode: 'x', intersect: false },
      scales: {
        x: positionAxis(theme, 1, longest, 1),
        y: { ...valueAxis(theme, options.scale), title: axisTitle(theme, options.measure) },
      },
      plugins: {
        decimation: { enabled: true, algorithm: 'lttb', samples, threshold: samples },
        tooltip: {
          callbacks: {
            title: (items) => `output token ${count(Math.round(items[0]?.parsed.x ?? 0))}`,
            label: (item) => `${item.dataset.label}: ${inWords(item.parsed.y ?? 0, options.scale)}`,
          },
        },
      },
    },
    plugins: [selection(theme, options.selected)],
  };
}

function valueAxis(theme: ChartTheme, scale: LaneTimelineOptions['scale']) {
  if (scale === 'count') return { ...decadeAxis(theme), min: 1 };
  if (scale === 'share') return { ...shareAxis(theme), max: 1 };
  return {
    type: 'linear' as const,
    grid: { color: theme.grid },
    border: { display: false },
    ticks: {
      ...axisTicks(theme),
      maxTicksLimit: 6,
      callback: (value: number | string) => figure(Number(value)),
    },
  };
}

function inWords(value: number, scale: LaneTimelineOptions['scale']): string {
  return scale === 'share' ? percent(value) : scale === 'count' ? count(value) : `${decimal(value)} nats`;
}

function selection(theme: ChartTheme, selected: number | null): Plugin<'line'> {
  const uprights: Upright[] =
    selected === null ? [] : [{ at: selected + 1, colour: theme.accent, width: 1.5 }];
  return { id: 'selection', beforeDatasetsDraw: (chart) => drawUprights(chart as Chart, uprights) };
}
