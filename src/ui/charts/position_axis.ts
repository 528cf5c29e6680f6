/** What the charts over a text share: the axis of its positions, and vertical lines at some of them. */
import type { Chart } from 'chart.js';
import { count } from '../format';
import type { ChartTheme } from './chart_theme';

/** The type and colour of the ticks of every axis. */
export function axisTicks(theme: ChartTheme) {
  return { color: theme.muted, font: { family: theme.font, size: 10 } };
}

/** Half a position of room at both ends, for bars. */
export function positionAxis(theme: ChartTheme, first: number, last: number) {
  return {
    type: 'linear' as const,
    min: first - 0.5,
    max: last + 0.5,
    offset: false,
    grid: { display: false },
    border: { color: theme.grid },
    ticks: {
      ...axisTicks(theme),
      precision: 0,
      maxTicksLimit: 12,
      // The ends of the axis lie half a position beyond the first and the last one.
      callback: (value: number | string) => (Number.isInteger(Number(value)) ? count(Number(value)) : ''),
    },
  };
}

export interface Upright {
  readonly at: number;
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

/** Lines over the whole height of the chart, without those that are out of view. */
export function drawUprights({ ctx, chartArea, scales }: Chart, uprights: readonly Upright[]): void {
  const x = scales['x'];
  if (!x) return;
  ctx.save();
  for (const { at, colour, width, dash = [] } of uprights) {
    if (at < x.min || at > x.max) continue;
    const pixel = x.getPixelForValue(at);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width;
    ctx.setLineDash([...dash]);
    ctx.beginPath();
    ctx.moveTo(pixel, chartArea.top);
    ctx.lineTo(pixel, chartArea.bottom);
    ctx.stroke();
  }
  ctx.restore();
}
