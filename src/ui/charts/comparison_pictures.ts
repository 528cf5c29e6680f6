/** The charts of a comparison as pictures: the step of all lanes, their timeline, the temperature strip, or the tree of beams. */
import type { ChartConfiguration, ChartType } from 'chart.js';
import { beamRows } from '../../playground/compare/beam_rows.ts';
import { laneLetter } from '../../playground/compare/lane_gestures.ts';
import type { Comparison } from '../../playground/compare/state.svelte.ts';
import { allTokens } from '../../playground/texts/text.ts';
import type { LaneDistributions, TemperatureStrip } from '../../worker/api/views.ts';
import { visible } from '../format.ts';
import { beamLayout } from './beam_layout.ts';
import { drawBeams } from './beam_picture.ts';
import { drawChart, pixelRatio, toPng, type ChartPicture } from './chart_pictures.ts';
import type { ChartTheme } from './chart_theme.ts';
import { laneStroke } from './lane_colours.ts';
import { laneOverlayConfig, laneOverlayHeight, type ShownLane } from './lane_overlay.ts';
import { laneTimelineConfig } from './lane_timeline.ts';
import { stripBands } from './strip_bands.ts';

/** CSS pixels: about as wide as a page of two columns, so that a long tree goes on below. */
const beamsWidth = 1400;

/** What the page shows. */
interface Shown {
  readonly comparison: Comparison | null;
  readonly focus: number;
  readonly position: number | null;
  readonly distributions: { readonly position: number; readonly views: LaneDistributions } | null;
  readonly strip: TemperatureStrip | null;
}

/** CSS pixels above a chart for the names of the lanes, which the page shows beside it. */
const namesHeight = 26;

/** @param colours the lanes' hues, `readLaneColours` */
export function comparisonPictures(
  { comparison, focus, position, distributions, strip }: Shown,
  theme: ChartTheme,
  colours: readonly string[],
): ChartPicture[] {
  if (!comparison) return [];
  if (comparison.strategy.kind === 'beam') {
    const { texts, strategy, result } = comparison;
    const draw = (): Promise<Blob> => {
      const rows = beamRows(texts, strategy.lengthPenalty, result?.winner ?? null);
      return drawBeams(beamLayout(rows, rows, beamsWidth), theme);
    };
    return [{ name: 'beams', label: 'Tree of beams', draw }];
  }
  const pictures: ChartPicture[] = [];
  const { texts, differences } = comparison;
  const named = texts.map((text, lane) => ({
    line: text,
    lane,
    name: `${laneLetter(lane)} ${differences[lane] ?? ''}`.trim(),
  }));
  const shown = named.flatMap(({ lane, name }): ShownLane[] => {
    const view = distributions?.views.lanes[lane];
    return view ? [{ lane, name, view }] : [];
  });
  if (distributions && shown.length > 0) {
    const config = laneOverlayConfig(distributions.views, shown, theme, colours);
    const height = laneOverlayHeight(distributions.views.tokens.length) + namesHeight;
    const draw = (): Promise<Blob> => drawChart(withNames(config, shown, theme, colours), 640, height, theme);
    pictures.push({ name: 'lanes', label: 'Lanes at the step', draw });
  }
  if (texts.some(({ length, promptLength }) => length > promptLength)) {
    const series = named.map(({ line: text, lane, name }) => ({
      lane,
      name,
      values: Float64Array.from(allTokens(text).slice(text.promptLength), ({ entropy }) => entropy),
    }));
    const selected = position === null ? null : position - texts[0]!.promptLength;
    const config = laneTimelineConfig(series, theme, colours, {
      measure: 'entropy, nats',
      scale: 'nats',
      selected,
      focus,
    });
    const draw = (): Promise<Blob> => drawChart(withNames(config, named, theme, colours), 960, 260, theme);
    pictures.push({ name: 'timeline', label: 'Entropy of all lanes', draw });
  }
  if (strip) {
    pictures.push({ name: 'strip', label: 'Temperature strip', draw: () => drawStrip(strip, theme) });
  }
  return pictures;
}

/** The chart with the names of its lanes above it, each in its colour. */
function withNames<T extends ChartType, D, L>(
  config: ChartConfiguration<T, D, L>,
  lanes: readonly { readonly lane: number; readonly name: string }[],
  theme: ChartTheme,
  colours: readonly string[],
): ChartConfiguration<T, D, L> {
  const names = {
    id: 'names',
    afterDraw: ({ ctx, width }: { ctx: CanvasRenderingContext2D; width: number }): void => {
      ctx.save();
      ctx.font = `600 12px ${theme.font}`;
      ctx.textBaseline = 'middle';
      let x = 8;
      for (const { lane, name } of lanes) {
        const wide = ctx.measureText(name).width;
        // The card of the texts has the names that do not fit.
        if (x + wide + 16 > width) break;
        ctx.fillStyle = laneStroke(lane, colours).colour;
        ctx.fillRect(x, namesHeight / 2 - 5, 10, 10);
        ctx.fillStyle = theme.ink;
        ctx.fillText(name, x + 14, namesHeight / 2);
        x += wide + 30;
      }
      ctx.restore();
    },
  };
  const options = { ...config.options, layout: { padding: { top: namesHeight } } };
  return { ...config, options, plugins: [...(config.plugins ?? []), names] } as typeof config;
}

/** The strip as the page draws it, with its axis: temperature from left to right, probability as height. */
function drawStrip(strip: TemperatureStrip, theme: ChartTheme): Promise<Blob> {
  const [width, height, axis] = [640, 260, 24];
  const canvas = document.createElement('canvas');
  canvas.width = width * pixelRatio;
  canvas.height = (height + axis) * pixelRatio;
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.scale(pixelRatio, pixelRatio);
  context.fillStyle = theme.panel;
  context.fillRect(0, 0, width, height + axis);
  const bands = stripBands(strip, width, height);
  bands.forEach(({ token, path }, index) => {
    const shape = new Path2D(path);
    context.fillStyle = colour(token === strip.chosen ? '--v6' : index % 2 === 1 ? '--v2' : '--v3');
    context.fill(shape);
    context.strokeStyle = theme.panel;
    context.stroke(shape);
  });
  context.textBaseline = 'middle';
  for (const { token, label, x, y, height: room } of bands) {
    if (room <= 13) continue;
    context.font = `${token === strip.chosen ? '700 ' : ''}12px ${theme.mono}`;
    context.textAlign = x < width * 0.2 ? 'left' : x > width * 0.8 ? 'right' : 'center';
    context.fillStyle = colour('--v-ink');
    context.fillText(visible(label), Math.min(width - 6, Math.max(6, x)), y);
  }
  const last = strip.temperatures.at(-1) ?? 1;
  context.font = `11px ${theme.font}`;
  context.fillStyle = theme.muted;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    context.textAlign = share === 0 ? 'left' : share === 1 ? 'right' : 'center';
    context.fillText(
      `T ${last * share}`,
      share === 0 ? 4 : share === 1 ? width - 4 : width * share,
      height + axis / 2,
    );
  }
  return toPng(canvas);
}
