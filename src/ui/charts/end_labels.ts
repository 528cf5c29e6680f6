import type { Plugin } from 'chart.js';
import { typeSize, type ChartTheme } from './chart_theme';

/** One label per row, at the end of the longer bar, or inside the right edge if there is no room. */
export interface EndLabel {
  readonly text: string;
  readonly colour: string;
}

/** The height of their type in pixels. */
const size = 11;

/** The pixels that the longest of them takes at the right edge. */
export function endRoom(labels: readonly EndLabel[], theme: ChartTheme): number {
  // A digit is 0.555 as wide as its type is high.
  return 10 + 0.555 * typeSize(theme, size) * Math.max(0, ...labels.map(({ text }) => text.length));
}

/** Writes a short text after each row of a horizontal bar chart: its value, or the stage that removed it. */
export function endLabels(labels: readonly EndLabel[], theme: ChartTheme): Plugin<'bar'> {
  return {
    id: 'end-labels',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      ctx.save();
      ctx.font = `${typeSize(theme, size)}px ${theme.font}`;
      ctx.textBaseline = 'middle';
      labels.forEach((label, row) => {
        let end = chartArea.left;
        let y = 0;
        let seen = 0;
        chart.data.datasets.forEach((_, index) => {
          const bar = chart.getDatasetMeta(index).data[row];
          if (!bar) return;
          if (Number.isFinite(bar.x)) end = Math.max(end, bar.x);
          y += bar.y;
          seen++;
        });
        if (seen === 0) return;
        const width = ctx.measureText(label.text).width;
        const outside = end + 5;
        ctx.fillStyle = label.colour;
        ctx.fillText(label.text, Math.min(outside, chart.width - width - 2), y / seen);
      });
      ctx.restore();
    },
  };
}
