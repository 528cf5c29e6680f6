/** The charts of the page as pictures: the same pure builders draw them on a sheet. */
import { BasicPlatform, type ChartConfiguration, type ChartType } from 'chart.js';
import { timelineOf } from '../../playground/timeline_values.ts';
import type { Inspected } from '../../playground/texts/shown.svelte.ts';
import { tokenAt, type PageText } from '../../playground/texts/text.ts';
import { STAGES, type StageName } from '../../sampling/params.ts';
import { placeOf, visible } from '../format.ts';
import { candidatesConfig, candidatesHeight, candidatesLegend } from './candidates.ts';
import type { ChartTheme } from './chart_theme.ts';
import type { Picture, Sheet } from './picture_sheet.ts';
import { curveTitle, rankCurveConfig, rankCurveLegend } from './rank_curve.ts';
import { Chart } from './registry.ts';
import { timelineConfig, timelineLegend, timelineSeries } from './timeline.ts';
import { waterfallConfig, waterfallLegend } from './waterfall.ts';

/** What the page shows. */
interface Shown {
  readonly text: PageText | null;
  readonly position: number | null;
  readonly inspected: Inspected | null;
  readonly settings: { readonly view: { readonly scale: 'linear' | 'log' } };
}

export function chartPictures(shown: Shown, theme: ChartTheme): Picture[] {
  const { text, position, inspected, settings } = shown;
  const pictures: Picture[] = [];
  if (text && text.length > 1) {
    const values = timelineOf(text, null);
    const config = timelineConfig(values, theme, {
      shown: timelineSeries.map(({ key }) => key),
      range: [0, text.length - 1],
      selected: position,
      divergence: null,
      promptLength: text.promptLength,
      tokenAt: () => '',
    });
    pictures.push({
      name: 'timeline',
      label: 'Timeline',
      title: 'Each token of the text',
      legend: timelineLegend(values, theme),
      width: 960,
      height: 320,
      paint: (sheet) => paintChart(config, sheet),
    });
  }
  if (!inspected) return pictures;
  const { view } = inspected;
  const at = text && position !== null ? ` at ${placeName(text, position)}` : '';
  pictures.push({
    name: 'candidates',
    label: 'Candidates',
    title: `Candidates${at}`,
    legend: candidatesLegend(theme),
    width: 560,
    height: candidatesHeight(view.rows.length),
    paint: (sheet) =>
      paintChart(
        candidatesConfig(view, theme, {
          scale: settings.view.scale,
          stageLabel: (stage) => STAGES[stage as StageName]?.label ?? stage,
        }),
        sheet,
      ),
  });
  const { stages } = view;
  if (stages?.length)
    pictures.push({
      name: 'chain',
      label: 'Through the chain',
      title: `Candidates and raw mass through the chain${at}`,
      legend: waterfallLegend(theme),
      width: 560,
      height: 320,
      paint: (sheet) => paintChart(waterfallConfig(stages, view.curve.vocabularySize, theme), sheet),
    });
  pictures.push({
    name: 'vocabulary',
    label: curveTitle(view),
    title: `${curveTitle(view)}: probability by rank${at}`,
    legend: rankCurveLegend(theme),
    width: 560,
    height: 320,
    paint: (sheet) => paintChart(rankCurveConfig(view.curve, view.cuts, theme), sheet),
  });
  return pictures;
}

/** `output token 36, “␣the”`; the place after the last token has no token yet. */
function placeName(text: PageText, position: number): string {
  const label = tokenAt(text, position)?.label;
  return `${placeOf(position, text.promptLength)}${label === undefined ? '' : `, “${visible(label)}”`}`;
}

/** Pixels between a chart and its sheet's edge. */
const edge = 8;

export function paintChart<T extends ChartType, D, L>(
  config: ChartConfiguration<T, D, L>,
  { canvas, top, bottom, pixelRatio, paper, afterwards }: Sheet,
): void {
  const { options, data, plugins = [] } = config as ChartConfiguration;
  const padding = options?.layout?.padding;
  // Our builders ask for room at the right alone.
  const given = typeof padding === 'object' && 'right' in padding ? (padding.right ?? 0) : 0;
  const chart = new Chart(canvas, {
    ...(config as ChartConfiguration),
    // An empty `segment` makes Chart.js draw its lines itself instead of handing them over as a `Path2D`.
    data: { ...data, datasets: data.datasets.map((set) => ({ ...set, segment: {} }) as typeof set) },
    options: {
      ...options,
      responsive: false,
      devicePixelRatio: pixelRatio,
      layout: {
        padding: { left: edge, right: edge + given, top, bottom },
      },
    },
    plugins: [{ id: 'paper', beforeDraw: paper }, ...plugins],
    // Nobody points at a picture.
    platform: BasicPlatform,
  });
  // That clears the canvas.
  afterwards(() => chart.destroy());
}
