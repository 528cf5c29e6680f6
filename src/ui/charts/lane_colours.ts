/** Eight hues that can be told apart without colour vision; from the ninth lane on the same hues, dashed or hatched. */
export const laneHues = 8;

/** For style sheets. */
export function laneVariable(lane: number): string {
  return `var(--lane-${(lane % laneHues) + 1})`;
}

/** The hues as they stand on `element`; charts cannot resolve `var()` themselves. */
export function readLaneColours(element: Element): string[] {
  const style = getComputedStyle(element);
  return Array.from({ length: laneHues }, (_, hue) => style.getPropertyValue(`--lane-${hue + 1}`).trim());
}

/** How a chart draws a lane: its colour, and the dash that sets the second eight apart. */
export function laneStroke(lane: number, colours: readonly string[]): { colour: string; dash: number[] } {
  return { colour: colours[lane % laneHues]!, dash: lane < laneHues ? [] : [4, 2] };
}
