/** The charts of the page as pictures: the same pure builders draw them at twice their size. */
import type { ChartConfiguration, ChartType } from 'chart.js';
import { timelineOf } from '../../playground/timeline_values.ts';
import type { Inspected } from '../../playground/texts/shown.svelte.ts';
import type { PageText } from '../../playground/texts/text.ts';
import { STAGES, type StageName } from '../../sampling/params.ts';
import { candidatesConfig, candidatesHeight } from './candidates.ts';
import type { ChartTheme } from './chart_theme.ts';
import { curveTitle, rankCurveConfig } from './rank_curve.ts';
import { Chart } from './registry.ts';
import { timelineConfig, timelineSeries } from './timeline.ts';
import { waterfallConfig } from './waterfall.ts';

export interface ChartPicture {
  readonly name: string;
  readonly label: string;
  readonly draw: () => Promise<Blob>;
}

/** What the page shows. */
interface Shown {
  readonly text: PageText | null;
  readonly position: number | null;
  readonly inspected: Inspected | null;
  readonly settings: { readonly view: { readonly scale: 'linear' | 'log' } };
}

/** How many pixels of a picture stand for one of the page. */
export const pixelRatio = 2;

export function chartPictures(shown: Shown, theme: ChartTheme): ChartPicture[] {
  const { text, position, inspected, settings } = shown;
  const pictures: ChartPicture[] = [];
  if (text && text.length > 1) {
    const config = timelineConfig(timelineOf(text, null), theme, {
      shown: timelineSeries.map(({ key }) => key),
      range: [0, text.length - 1],
      selected: position,
      divergence: null,
      promptLength: text.promptLength,
      tokenAt: () => '',
    });
    pictures.push({ name: 'timeline', label: 'Timeline', draw: () => drawChart(config, 960, 300, theme) });
  }
  if (!inspected) return pictures;
  const { view } = inspected;
  const candidates = candidatesConfig(view, theme, {
    scale: settings.view.scale,
    stageLabel: (stage) => STAGES[stage as StageName]?.label ?? stage,
  });
  const height = candidatesHeight(view.rows.length);
  pictures.push({
    name: 'candidates',
    label: 'Candidates',
    draw: () => drawChart(candidates, 560, height, theme),
  });
  if (view.stages?.length) {
    const config = waterfallConfig(view.stages, view.curve.vocabularySize, theme);
    pictures.push({
      name: 'chain',
      label: 'Through the chain',
      draw: () => drawChart(config, 560, 320, theme),
    });
  }
  const curve = rankCurveConfig(view.curve, view.cuts, theme);
  pictures.push({
    name: 'vocabulary',
    label: curveTitle(view),
    draw: () => drawChart(curve, 560, 320, theme),
  });
  return pictures;
}

/** @param width the width on the page, in CSS pixels */
export async function drawChart<T extends ChartType, D, L>(
  config: ChartConfiguration<T, D, L>,
  width: number,
  height: number,
  theme: ChartTheme,
): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const paper = {
    id: 'paper',
    beforeDraw: ({ ctx }: { ctx: CanvasRenderingContext2D }): void => {
      ctx.fillStyle = theme.panel;
      ctx.fillRect(0, 0, width, height);
    },
  };
  const chart = new Chart(canvas, {
    ...config,
    options: { ...config.options, responsive: false, animation: false, devicePixelRatio: pixelRatio },
    plugins: [paper, ...(config.plugins ?? [])],
  } as ChartConfiguration);
  try {
    return await toPng(canvas);
  } finally {
    chart.destroy();
  }
}

/** @throws Error when the browser has no memory for the picture */
export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error(`A picture of ${canvas.width} × ${canvas.height} pixels could not be made.`));
    }, 'image/png');
  });
}
