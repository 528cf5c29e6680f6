import type { ChartConfiguration, Point } from 'chart.js';
import { count, figure } from '../format';
import { axisTitle, decadeAxis } from './axes';
import type { ChartTheme } from './chart_theme';
import { positionAxis } from './position_axis';

/** The lowest value on the logarithmic axis. Lower ones are drawn here. */
const FLOOR = 1e-9;

export interface DivergencePoint {
  /** KL divergence, nats. */
  readonly kl: number;
  /** Both engines have the same most likely token. */
  readonly sameTop: boolean;
  readonly label: string;
}

/** The KL divergence at each output token, on a logarithmic axis. A larger point marks different most likely tokens. */
export function divergenceConfig(
  points: readonly DivergencePoint[],
  theme: ChartTheme,
): ChartConfiguration<'line', Point[]> {
  return {
    type: 'line',
    data: {
      datasets: [
        {
          label: 'KL divergence',
          data: points.map(({ kl }, i) => ({ x: i + 1, y: Math.max(FLOOR, Number.isFinite(kl) ? kl : NaN) })),
          borderColor: theme.final,
          borderWidth: 1.2,
          pointRadius: points.map(({ sameTop }) => (sameTop ? 1.5 : 4)),
          pointBackgroundColor: points.map(({ sameTop }) => (sameTop ? theme.final : theme.cut)),
          pointBorderColor: points.map(({ sameTop }) => (sameTop ? theme.final : theme.cut)),
        },
      ],
    },
    options: {
      parsing: false,
      normalized: true,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: {
        x: positionAxis(theme, 1, Math.max(1, points.length), 1),
        y: { ...decadeAxis(theme), title: axisTitle(theme, 'KL divergence, nats') },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: (items) => `output token ${count(Math.round(items[0]?.parsed.x ?? 0))}`,
            label: (item) => {
              const point = points[item.dataIndex];
              if (!point) return '';
              return `${point.label}: ${figure(point.kl)} nats, ${point.sameTop ? 'same' : 'another'} most likely token`;
            },
          },
        },
      },
    },
  };
}
