import type { Plugin } from 'chart.js';
import type { Cut } from '../../worker/api/views';

/** A vertical line with its stage's name at each rank where the chain cut. */
export function cutLines(cuts: readonly Cut[], colour: string, font: string): Plugin<'line'> {
  return {
    id: 'cut-lines',
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      const x = scales['x'];
      if (!x) return;
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.font = `10px ${font}`;
      ctx.setLineDash([3, 3]);
      ctx.textBaseline = 'top';
      cuts.forEach((cut, index) => {
        const at = x.getPixelForValue(cut.rank);
        ctx.beginPath();
        ctx.moveTo(at, chartArea.top);
        ctx.lineTo(at, chartArea.bottom);
        ctx.stroke();
        const text = `${cut.label} ${cut.rank}`;
        const width = ctx.measureText(text).width;
        const left = at + 4 + width > chartArea.right ? at - 4 - width : at + 4;
        ctx.fillText(text, left, chartArea.top + index * 12);
      });
      ctx.restore();
    },
  };
}
