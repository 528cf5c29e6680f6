/** What the axes of all charts have in common: type, colour, titles, and powers of ten that keep their distance. */
import type { Plugin, Scale, Tick } from 'chart.js';
import { percent, powerOfTen } from '../format';
import { typeSize, type ChartTheme } from './chart_theme';

/** Type and colour of the ticks of every axis. Numbers stand upright; those without room are left out. */
export function axisTicks(theme: ChartTheme) {
  return { color: theme.muted, font: { family: theme.font, size: typeSize(theme, 10) }, maxRotation: 0 };
}

/** What an axis shows, and its unit. */
export function axisTitle(theme: ChartTheme, text: string, colour = theme.muted) {
  return {
    display: true,
    text,
    color: colour,
    font: { family: theme.font, size: typeSize(theme, 10) },
    padding: 2,
  };
}

/** The pixels that a number on a logarithmic axis takes, with the room to the next one. */
const decadeRoom = { horizontal: 36, vertical: 14 } as const;

/** 1, 2, 5, 10, 100, 10³, 10⁻², 2×10⁻²: short, because axes are narrow. */
function decadeName(value: number): string {
  if (value >= 1 && value < 1000) return String(Math.round(value));
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  const factor = Math.round(value / 10 ** exponent);
  return factor === 1 ? powerOfTen(exponent) : `${factor}×${powerOfTen(exponent)}`;
}

/**
 * A logarithmic axis that names whole powers of ten, as many as fit, and twice and five times them where there is
 * much room.
 * @param headroom pixels at the upper end without a label
 */
export function decadeAxis(theme: ChartTheme, headroom = 0) {
  return {
    type: 'logarithmic' as const,
    border: { display: false },
    grid: { color: theme.grid },
    ticks: {
      ...axisTicks(theme),
      autoSkip: false,
      callback: (value: number | string) => decadeName(Number(value)),
    },
    afterBuildTicks: (axis: Scale) => {
      const across = axis.isHorizontal();
      const pixels = across ? axis.width : axis.height;
      const top = axis.max / (axis.max / axis.min) ** (headroom / pixels);
      axis.ticks = decades(axis.min, top, pixels - headroom, decadeRoom[across ? 'horizontal' : 'vertical']);
    },
  };
}

/**
 * The powers of ten from `min` to `max` whose labels fit into `pixels` if each takes `room`; 1, 2, 5, 10 … if those fit, or as many
 * of them as fit where there is only one power of ten.
 */
export function decades(min: number, max: number, pixels: number, room: number): Tick[] {
  const first = Math.ceil(Math.log10(min) - 1e-9);
  const last = Math.floor(Math.log10(max) + 1e-9);
  const each = pixels / Math.max(1e-9, Math.log10(max / min));
  const step = Math.max(1, Math.ceil(room / each));
  const values: number[] = [];
  if (each * Math.log10(2) >= room || last <= first) {
    const slack = 1 + 1e-9;
    for (let exponent = first - 1; exponent <= last; exponent++)
      for (const value of [1, 2, 5].map((factor) => factor * 10 ** exponent)) {
        const before = values.at(-1);
        const fits = before === undefined || each * Math.log10((value * slack) / before) >= room;
        if (fits && value * slack >= min && value <= max * slack) values.push(value);
      }
  } else {
    for (let exponent = first; exponent <= last; exponent += step) values.push(10 ** exponent);
  }
  return values.map((value) => ({ value }));
}

/** A linear axis of shares from 0, with as many percentages as fit. */
export function shareAxis(theme: ChartTheme) {
  return {
    type: 'linear' as const,
    min: 0,
    grid: { color: theme.grid },
    border: { display: false },
    ticks: {
      ...axisTicks(theme),
      maxTicksLimit: 6,
      callback: (value: number | string) => percent(Number(value)),
    },
  };
}

/** The title of an axis of names, in the corner: names of any length begin at the edge, and leave no room for it beside them. */
export function cornerTitle(theme: ChartTheme, text: string): Plugin<'bar' | 'line'> {
  return {
    id: 'corner-title',
    afterDatasetsDraw({ ctx, scales }) {
      const { x, y } = scales;
      if (!x || !y) return;
      ctx.save();
      ctx.font = `${typeSize(theme, 10)}px ${theme.font}`;
      ctx.fillStyle = theme.muted;
      ctx.textAlign = 'left';
      ctx.textBaseline = 'middle';
      ctx.fillText(text, y.left, x.bottom - 8);
      ctx.restore();
    },
  };
}
