/** What the charts over a text have in common: the axis of its tokens, and upright lines at some of them. */
import type { Chart, Scale } from 'chart.js';
import { count } from '../format';
import { axisTicks, axisTitle } from './axes';
import type { ChartTheme } from './chart_theme';

/** Pixels that a number and the room to the next one take. */
const tickRoom = 64;
/** Pixels that the word "prompt" takes. */
const wordRoom = 40;

/**
 * Positions under one axis, numbered by output token from 1 on; the prompt is one word. Half a position of room at both ends, for
 * bars.
 * @param promptLength position of the first output token
 */
export function positionAxis(theme: ChartTheme, first: number, last: number, promptLength: number) {
  return {
    type: 'linear' as const,
    min: first - 0.5,
    max: last + 0.5,
    offset: false,
    title: axisTitle(theme, 'output token'),
    grid: { display: false },
    border: { color: theme.grid },
    ticks: {
      ...axisTicks(theme),
      autoSkip: false,
      callback: (value: number | string) =>
        Number(value) < promptLength ? 'prompt' : count(Number(value) - promptLength + 1),
    },
    // Round numbers of tokens are no round positions, so the axis cannot find them by itself.
    afterBuildTicks: (axis: Scale) => {
      axis.ticks = positionTicks(first, last, promptLength, axis.chart.width).map((value) => ({ value }));
    },
  };
}

/** Positions that have a label: the middle of the prompt, and output tokens 1, 10, 20, … as far as they fit. */
export function positionTicks(first: number, last: number, promptLength: number, pixels: number): number[] {
  const pixelsEach = pixels / (last - first + 1);
  const least = Math.max(1, tickRoom / pixelsEach);
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * decade).find((size) => size >= least)!;
  const at = (output: number): number => output - 1 + promptLength;
  const outputs: number[] = [];
  for (let output = step; at(output) <= last; output += step) if (at(output) >= first) outputs.push(output);
  const one = at(1) >= first && at(1) <= last && (outputs[0] === undefined || outputs[0] > 1);
  if (one && (outputs[0] === undefined || (outputs[0] - 1) * pixelsEach >= tickRoom / 2)) outputs.unshift(1);
  const promptEnd = Math.min(last, promptLength - 1);
  const named = promptEnd >= first && (promptEnd - first + 1) * pixelsEach >= wordRoom;
  return [...(named ? [(first + promptEnd) / 2] : []), ...outputs.map(at)];
}

export interface Upright {
  readonly at: number;
  readonly colour: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

/** Lines over the whole height of the chart; those out of view are left out. */
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
