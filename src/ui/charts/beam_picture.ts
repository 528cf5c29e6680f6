import { decimal, visible } from '../format.ts';
import { edgeHeight, tokenHeight, type BeamLayout } from './beam_layout.ts';
import type { ChartTheme } from './chart_theme.ts';
import { pixelRatio, toPng } from './picture_sheet.ts';

/** Browsers make no longer canvas, and few make one with many more pixels. */
const longestSide = 16_000;
const mostPixels = 64e6;
const margin = 14;

/** The tree of beams as the page draws it, at twice its size, or less if it is very large. */
export function drawBeams(layout: BeamLayout, theme: ChartTheme): Promise<Blob> {
  const { rows, width, height, x, y, nodeWidth, edges } = layout;
  const [wide, high] = [width + 2 * margin, height + 2 * margin];
  const scale = Math.min(
    pixelRatio,
    longestSide / Math.max(wide, high),
    Math.sqrt(mostPixels / (wide * high)),
  );
  const canvas = document.createElement('canvas');
  canvas.width = Math.floor(wide * scale);
  canvas.height = Math.floor(high * scale);
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.scale(scale, scale);
  context.fillStyle = theme.panel;
  context.fillRect(0, 0, wide, high);
  context.translate(margin, margin);
  for (const kind of ['faded', 'plain', 'winner'] as const) {
    context.globalAlpha = kind === 'faded' ? 0.45 : 1;
    context.strokeStyle = colour(kind === 'winner' ? '--accent' : '--line-strong');
    context.lineWidth = kind === 'winner' ? 1.5 : 1;
    context.stroke(new Path2D(edges[kind]));
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  for (const [index, row] of rows.entries()) {
    for (const { depth, token, pruned, winning } of row.nodes) {
      const [left, top] = [x(depth), y(index, depth)];
      context.font = `10px ${theme.font}`;
      context.fillStyle = theme.muted;
      context.fillText(decimal(token.rawLogprob, 2), left, top + edgeHeight / 2);
      context.beginPath();
      context.roundRect(left + 0.5, top + edgeHeight + 0.5, nodeWidth(depth) - 1, tokenHeight - 1, 3);
      context.fillStyle = winning ? colour('--accent-soft') : theme.panel;
      context.fill();
      context.setLineDash(pruned ? [3, 2] : []);
      context.strokeStyle = colour(winning ? '--accent' : pruned ? '--line' : '--line-strong');
      context.stroke();
      context.setLineDash([]);
      context.font = `${winning ? '600 ' : ''}12px ${theme.mono}`;
      context.fillStyle = pruned ? theme.muted : theme.ink;
      const label = fitting(context, visible(token.label), nodeWidth(depth) - 8);
      context.fillText(label, left + 5, top + edgeHeight + tokenHeight / 2);
    }
  }
  return toPng(canvas);
}

/** As much of a text as fits into its node. */
function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length)}…`;
}
