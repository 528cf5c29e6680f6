/** Where a chart's tip goes, so that it does not lie over what it explains. All in CSS pixels of the window. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Size = Pick<Box, 'width' | 'height'>;

/** From the point that it explains, and from the window's edges. */
const gap = 12;
const edge = 4;

/**
 * A tip that would cover more than a quarter of its chart stands above the chart, or below it where there is no room above. Any
 * other stands beside its point.
 */
export function placeTip(
  tip: Size,
  chart: Box,
  point: { readonly x: number; readonly y: number },
  window: Size,
): { left: number; top: number } {
  const within = (value: number, size: number, whole: number): number =>
    Math.max(edge, Math.min(value, whole - size - edge));
  const centred = within(point.x - tip.width / 2, tip.width, window.width);
  const above = chart.top - tip.height - edge;
  const below = chart.top + chart.height + edge;
  if (tip.width * tip.height * 4 > chart.width * chart.height) {
    if (above >= edge) return { left: centred, top: above };
    if (below + tip.height + edge <= window.height) return { left: centred, top: below };
  }
  const right = point.x + gap;
  const fits = right + tip.width + edge <= Math.min(window.width, chart.left + chart.width);
  const beside = fits ? right : point.x - gap - tip.width;
  const low = Math.max(chart.top, Math.min(point.y - tip.height / 2, chart.top + chart.height - tip.height));
  return {
    left: within(beside, tip.width, window.width),
    top: within(low, tip.height, window.height),
  };
}
