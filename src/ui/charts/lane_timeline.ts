import type { Chart, ChartConfiguration, Plugin, Point } from 'chart.js';
import { count, decimal, percent } from '../format';
import type { ChartTheme } from './chart_theme';
import { laneStroke } from './lane_colours';
import { axisTicks, drawUprights, positionAxis, type Upright } from './position_axis';

/** One lane's values per output token; NaN if it has none. */
export interface LaneSeries {
  readonly lane: number;
  readonly name: string;
  readonly values: Float64Array;
}

export interface LaneTimelineOptions {
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
  const ticks = axisTicks(theme);
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
        y: {
          type: options.scale === 'count' ? 'logarithmic' : 'linear',
          ...(options.scale === 'count' ? { min: 1 } : options.scale === 'share' ? { min: 0, max: 1 } : {}),
          grid: { color: theme.grid },
          border: { display: false },
          ticks: {
            ...ticks,
            maxTicksLimit: 6,
            callback: (value) => tick(Number(value), options.scale),
          },
        },
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

function tick(value: number, scale: LaneTimelineOptions['scale']): string {
  if (scale === 'share') return percent(value);
  if (scale === 'nats') return decimal(value, 0);
  return Number.isInteger(Math.log10(value)) ? count(value) : '';
}

function inWords(value: number, scale: LaneTimelineOptions['scale']): string {
  return scale === 'share' ? percent(value) : decimal(value, scale === 'count' ? 0 : 3);
}

function selection(theme: ChartTheme, selected: number | null): Plugin<'line'> {
  const uprights: Upright[] =
    selected === null ? [] : [{ at: selected + 1, colour: theme.accent, width: 1.5 }];
  return { id: 'selection', beforeDatasetsDraw: (chart) => drawUprights(chart as Chart, uprights) };
}
