import type { ChartConfiguration } from 'chart.js';
import type { LaneDistribution, LaneDistributions } from '../../worker/api/views';
import { decimal, percent, rowName, visible } from '../format';
import { axisTitle, cornerTitle, shareAxis } from './axes';
import { typeSize, type ChartTheme } from './chart_theme';
import { laneStroke } from './lane_colours';

/** A lane as a chart shows it. */
export interface ShownLane {
  /** Its index, which gives its hue. */
  readonly lane: number;
  /** Its letter and setting. */
  readonly name: string;
  readonly view: LaneDistribution;
}

/** Whether the grammar lets none of the lanes take the token with this index. */
export function forbidden(lanes: readonly ShownLane[], index: number): boolean {
  return lanes.length > 0 && lanes.every(({ view }) => view.removedBy[index] === 'grammar');
}

/** The height in CSS pixels that this many tokens need. */
export function laneOverlayHeight(tokens: number): number {
  return Math.max(3, tokens) * 19 + 46;
}

/**
 * All lanes' final probabilities in one chart, with a line of points per lane. If all lanes have the same text before the
 * place, the raw distribution that they share stands behind them.
 */
export function laneOverlayConfig(
  { tokens, labels }: Pick<LaneDistributions, 'tokens' | 'labels'>,
  lanes: readonly ShownLane[],
  theme: ChartTheme,
  colours: readonly string[],
): ChartConfiguration<'bar' | 'line', number[], string> {
  const first = lanes[0]?.view;
  const shared = first !== undefined && lanes.every(({ view }) => view.context === first.context);
  const chosen = new Set(lanes.map(({ view }) => view.chosen));
  return {
    type: 'bar',
    data: {
      labels: labels.map(
        (label, i) =>
          `${chosen.has(tokens[i]!) ? '▸ ' : ''}${forbidden(lanes, i) ? '⊘ ' : ''}${rowName(label)}`,
      ),
      datasets: [
        ...lanes.map(({ lane, name, view }) => {
          const { colour, dash } = laneStroke(lane, colours);
          return {
            type: 'line' as const,
            label: name,
            data: Array.from(view.final),
            borderColor: colour,
            borderDash: dash,
            backgroundColor: colour,
            borderWidth: 1.5,
            // A point at 0 or 100 % is whole.
            clip: false as const,
            // The token that the lane drew stands out.
            pointRadius: tokens.map((token) => (token === view.chosen ? 5 : 2.5)),
            pointStyle: lane < 8 ? ('circle' as const) : ('triangle' as const),
          };
        }),
        ...(shared
          ? [
              {
                type: 'bar' as const,
                label: 'raw, all lanes',
                data: Array.from(first.raw),
                backgroundColor: theme.gone,
                barThickness: 9,
              },
            ]
          : []),
      ],
    },
    options: {
      indexAxis: 'y',
      interaction: { mode: 'index', axis: 'y', intersect: false },
      scales: {
        x: { ...shareAxis(theme), max: 1, title: axisTitle(theme, 'final probability') },
        y: {
          grid: { display: false },
          border: { display: false },
          ticks: {
            color: ({ index }) => (forbidden(lanes, index) ? theme.muted : theme.ink),
            autoSkip: false,
            crossAlign: 'far',
            font: { family: theme.mono, size: typeSize(theme, 12) },
          },
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: ([item]) => visible(labels[item?.dataIndex ?? -1] ?? ''),
            label: (item) => {
              const removed = lanes[item.datasetIndex]?.view.removedBy[item.dataIndex];
              return `${item.dataset.label}: ${removed ? `removed by ${removed}` : percent(Number(item.raw))}`;
            },
          },
        },
      },
    },
    plugins: [cornerTitle(theme, 'token')],
  };
}

/** A small chart of one lane: raw grey, final in the lane's hue, tokens in the order of the overlay. */
export function laneMultipleConfig(
  labels: readonly string[],
  { lane, view }: ShownLane,
  theme: ChartTheme,
  colours: readonly string[],
): ChartConfiguration<'bar', number[], string> {
  const { colour } = laneStroke(lane, colours);
  const bar = { grouped: false, barPercentage: 1 } as const;
  return {
    type: 'bar',
    data: {
      labels: labels.map(visible),
      datasets: [
        {
          label: 'final',
          data: Array.from(view.final),
          backgroundColor: colour,
          categoryPercentage: 0.5,
          ...bar,
        },
        {
          label: 'raw',
          data: Array.from(view.raw),
          backgroundColor: theme.gone,
          categoryPercentage: 0.9,
          ...bar,
        },
      ],
    },
    options: {
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { display: false },
        y: {
          min: 0,
          max: 1,
          grid: { color: theme.grid },
          border: { display: false },
          ticks: { display: false, maxTicksLimit: 3 },
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            label: (item) => {
              const removed = item.datasetIndex === 0 ? view.removedBy[item.dataIndex] : null;
              const value = percent(Number(item.raw));
              return `${item.dataset.label} ${value}${removed ? `, removed by ${removed}` : ''}`;
            },
            footer: () => `entropy ${decimal(view.entropyRaw)} raw, ${decimal(view.entropyFinal)} final`,
          },
        },
      },
    },
  };
}
