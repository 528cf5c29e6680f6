import type { Plugin } from 'chart.js';
import type { Cut } from '../../worker/api/views';
import { count } from '../format';
import type { ChartTheme } from './chart_theme';

const rowHeight = 12;

/**
 * A vertical line with its stage's name at each rank where the chain cut. The names stand in the lower left corner, which a falling
 * curve leaves free.
 */
export function cutLines(cuts: readonly Cut[], { cut: colour, panel, font }: ChartTheme): Plugin<'line'> {
  return {
    id: 'cut-lines',
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      const x = scales['x'];
      if (!x) return;
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.font = `10px ${font}`;
      ctx.setLineDash([3, 3]);
      ctx.textAlign = 'left';
      ctx.textBaseline = 'middle';
      const places = cuts.map((cut) => x.getPixelForValue(cut.rank));
      for (const at of places) {
        ctx.beginPath();
        ctx.moveTo(at, chartArea.top);
        ctx.lineTo(at, chartArea.bottom);
        ctx.stroke();
      }
      cuts.forEach((cut, index) => {
        const text = `${cut.label} ${count(cut.rank)}`;
        const { width } = ctx.measureText(text);
        const at = places[index]!;
        // Left of its line, or right of it, or across it where neither side has room.
        const right = Math.min(at + 5, chartArea.right - width);
        const left = at - 5 - width < chartArea.left ? right : at - 5 - width;
        const middle = chartArea.bottom - (cuts.length - index - 0.5) * rowHeight;
        // The other lines do not run through the name.
        ctx.fillStyle = panel;
        ctx.fillRect(left - 2, middle - rowHeight / 2, width + 4, rowHeight);
        ctx.fillStyle = colour;
        ctx.fillText(text, left, middle);
      });
      ctx.restore();
    },
  };
}
