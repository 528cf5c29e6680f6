/** The charts of a comparison as pictures: the step of all lanes, their timeline, the temperature strip, or the tree of beams. */
import { beamRows } from '../../playground/compare/beam_rows.ts';
import { laneLetter } from '../../playground/compare/lane_gestures.ts';
import type { Comparison } from '../../playground/compare/state.svelte.ts';
import { allTokens } from '../../playground/texts/text.ts';
import type { LaneDistributions, TemperatureStrip } from '../../worker/api/views.ts';
import { count, visible } from '../format.ts';
import { beamLayout } from './beam_layout.ts';
import { drawBeams } from './beam_picture.ts';
import { paintChart } from './chart_pictures.ts';
import type { ChartTheme } from './chart_theme.ts';
import { laneStroke } from './lane_colours.ts';
import { laneOverlayConfig, laneOverlayHeight, type ShownLane } from './lane_overlay.ts';
import { laneTimelineConfig } from './lane_timeline.ts';
import type { LegendItem } from './legend.ts';
import { begin, type Picture, type Sheet } from './picture_sheet.ts';
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

/** @param colours the lanes' hues, `readLaneColours` */
export function comparisonPictures(
  { comparison, focus, position, distributions, strip }: Shown,
  theme: ChartTheme,
  colours: readonly string[],
): Picture[] {
  if (!comparison) return [];
  if (comparison.strategy.kind === 'beam') {
    const { texts, strategy, result } = comparison;
    const rows = beamRows(texts, strategy.lengthPenalty, result?.winner ?? null);
    return [beamPicture(beamLayout(rows, rows, beamsWidth), theme)];
  }
  const pictures: Picture[] = [];
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
  const legendOf = (lanes: readonly { readonly lane: number; readonly name: string }[]): LegendItem[] =>
    lanes.map(({ lane, name }) => ({ label: name, mark: 'line', ...laneStroke(lane, colours) }));
  if (distributions && shown.length > 0) {
    const output = distributions.position - texts[0]!.promptLength + 1;
    pictures.push({
      name: 'lanes',
      label: 'Lanes at the step',
      title: `Final probabilities of the lanes at output token ${count(output)}`,
      legend: legendOf(shown),
      width: 640,
      height: laneOverlayHeight(distributions.views.tokens.length),
      paint: (sheet) => paintChart(laneOverlayConfig(distributions.views, shown, theme, colours), sheet),
    });
  }
  if (texts.some(({ length, promptLength }) => length > promptLength)) {
    const series = named.map(({ line: text, lane, name }) => ({
      lane,
      name,
      values: Float64Array.from(allTokens(text).slice(text.promptLength), ({ entropy }) => entropy),
    }));
    const selected = position === null ? null : position - texts[0]!.promptLength;
    const options = { measure: 'entropy, nats', scale: 'nats', selected, focus } as const;
    pictures.push({
      name: 'timeline',
      label: 'Entropy of all lanes',
      title: 'Entropy of the raw distribution at each token of the lanes',
      legend: legendOf(named),
      width: 960,
      height: 240,
      paint: (sheet) => paintChart(laneTimelineConfig(series, theme, colours, options), sheet),
    });
  }
  if (strip) pictures.push(stripPicture(strip, laneLetter(focus), theme));
  return pictures;
}

/** The tree is an image of its own, which has no SVG. */
function beamPicture(layout: ReturnType<typeof beamLayout>, theme: ChartTheme): Picture {
  return {
    name: 'beams',
    label: 'Tree of beams',
    title: 'The tree of beams, with the raw logprob of each token',
    legend: [],
    width: Math.max(360, layout.width + 28),
    height: layout.height + 28,
    only: 'png',
    paint: async (sheet) => {
      const tree = await createImageBitmap(await drawBeams(layout, theme));
      begin(sheet);
      sheet.context.drawImage(tree, 0, 0, layout.width + 28, layout.height + 28);
      tree.close();
    },
  };
}

/** The strip as the page draws it, with its axis: temperature from left to right, probability as height. */
function stripPicture(strip: TemperatureStrip, lane: string, theme: ChartTheme): Picture {
  return {
    name: 'strip',
    label: 'Temperature strip',
    title: `Probability of the likeliest tokens by temperature, lane ${lane}`,
    legend: [],
    width: 640,
    height: stripHeight + stripAxis,
    paint: (sheet) => {
      begin(sheet);
      paintStrip(strip, theme, sheet);
    },
  };
}

const stripHeight = 260;
/** Below the strip: numbers and the axis's title. */
const stripAxis = 38;

function paintStrip(strip: TemperatureStrip, theme: ChartTheme, { context, width }: Sheet): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const bands = stripBands(strip, width, stripHeight);
  context.lineWidth = 1;
  bands.forEach(({ token, path }, index) => {
    tracePath(context, path);
    context.fillStyle = colour(token === strip.chosen ? '--v6' : index % 2 === 1 ? '--v2' : '--v3');
    context.fill();
    context.strokeStyle = theme.panel;
    context.stroke();
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
    const x = share === 0 ? 4 : share === 1 ? width - 4 : width * share;
    context.fillText(String(last * share), x, stripHeight + 12);
  }
  context.textAlign = 'center';
  context.fillText('temperature', width / 2, stripHeight + 28);
}

/** A path of straight lines, as `stripBands` writes it. */
function tracePath(context: CanvasRenderingContext2D, path: string): void {
  context.beginPath();
  path
    .slice(1, -1)
    .split('L')
    .forEach((point, index) => {
      const [x = 0, y = 0] = point.split(' ').map(Number);
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
  context.closePath();
}
