/**
 * What a chart says about the point under the pointer. It is an element of the page and not a part of the drawing, so it is never
 * cut off by the chart's edge, and it wraps.
 */
import type { Chart, TooltipModel, ChartType } from 'chart.js';
import { placeTip } from './tip_place';

let element: HTMLElement | null = null;
/** The chart that the tip speaks of. */
let owner: Chart | null = null;

function make(): HTMLElement {
  const made = document.createElement('div');
  made.className = 'chart-tip small';
  // A screen reader reads the table instead.
  made.ariaHidden = 'true';
  // Above dialogs too.
  made.popover = 'manual';
  document.body.append(made);
  return made;
}

function line(text: string, colour: string | null, strong: boolean): HTMLElement {
  const made = document.createElement(strong ? 'strong' : 'div');
  if (colour !== null) {
    const swatch = document.createElement('i');
    swatch.style.background = colour;
    made.append(swatch);
  }
  made.append(text);
  return made;
}

/** For `options.plugins.tooltip.external` of Chart.js. */
export function showTip<T extends ChartType>({
  chart,
  tooltip,
}: {
  chart: Chart;
  tooltip: TooltipModel<T>;
}): void {
  const { title, body, footer, labelColors } = tooltip;
  if (tooltip.opacity === 0 || body.length === 0) return hideTip(chart);
  element ??= make();
  owner = chart;
  const colours = tooltip.options.displayColors;
  element.replaceChildren(
    ...title.map((text) => line(text, null, true)),
    ...body.flatMap(({ lines }, index) => {
      const { backgroundColor } = labelColors[index] ?? {};
      const colour = colours && typeof backgroundColor === 'string' ? backgroundColor : null;
      return lines.filter((text) => text !== '').map((text) => line(text, colour, false));
    }),
    ...footer.map((text) => line(text, null, false)),
  );
  element.showPopover();
  const box = chart.canvas.getBoundingClientRect();
  const point = { x: box.left + tooltip.caretX, y: box.top + tooltip.caretY };
  const { left, top } = placeTip(element.getBoundingClientRect(), box, point, {
    width: innerWidth,
    height: innerHeight,
  });
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
}

export function hideTip(chart: Chart | null): void {
  if (chart === null || owner !== chart) return;
  owner = null;
  element?.hidePopover();
}
