/** Eight hues that differ without colour vision too. From the ninth lane on they return, dashed or hatched. */
export const laneHues = 8;

/** For style sheets. */
export function laneVariable(lane: number): string {
  return `var(--lane-${(lane % laneHues) + 1})`;
}

/** Reads the hues from the computed style of `element`, because charts cannot resolve `var()` themselves. */
export function readLaneColours(element: Element): string[] {
  const style = getComputedStyle(element);
  return Array.from({ length: laneHues }, (_, hue) => style.getPropertyValue(`--lane-${hue + 1}`).trim());
}

/** How a chart draws a lane: its colour, and a dash for the second eight. */
export function laneStroke(lane: number, colours: readonly string[]): { colour: string; dash: number[] } {
  return { colour: colours[lane % laneHues]!, dash: lane < laneHues ? [] : [4, 2] };
}
