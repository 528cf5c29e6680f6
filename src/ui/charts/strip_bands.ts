/** The layout of the bands of a temperature strip. */
import type { TemperatureStrip } from '../../worker/api/views';

export interface StripBand {
  readonly token: number;
  readonly label: string;
  /** Closed SVG path in a box of the given size. */
  readonly path: string;
  /** Where the label has the most room, in the same units, and how high the band is there. */
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/**
 * Stacks the bands from the top, the most likely raw token first. The mass of all other tokens is the empty rest at the
 * bottom. Temperature runs from left to right, and height is probability.
 */
export function stripBands(
  { temperatures, bands }: TemperatureStrip,
  width: number,
  height: number,
): StripBand[] {
  const last = temperatures[temperatures.length - 1] ?? 1;
  const x = (i: number): number => (temperatures[i]! / last) * width;
  const tops = new Float64Array(temperatures.length);
  return bands.map(({ token, label, probability }) => {
    const upper: string[] = [];
    const lower: string[] = [];
    let best = 0;
    for (let i = 0; i < temperatures.length; i++) {
      const top = tops[i]!;
      const bottom = top + probability[i]!;
      upper.push(`${x(i).toFixed(1)} ${(top * height).toFixed(1)}`);
      lower.unshift(`${x(i).toFixed(1)} ${(bottom * height).toFixed(1)}`);
      if (probability[i]! > probability[best]!) best = i;
      tops[i] = bottom;
    }
    return {
      token,
      label,
      path: `M${upper.join('L')}L${lower.join('L')}Z`,
      x: x(best),
      y: (tops[best]! - probability[best]! / 2) * height,
      height: probability[best]! * height,
    };
  });
}

/** The bands' probabilities at any temperature, by linear interpolation between two of the strip's. */
export function stripAt({ temperatures, bands }: TemperatureStrip, temperature: number): number[] {
  const next = temperatures.findIndex((t) => t >= temperature);
  if (next <= 0) return bands.map(({ probability }) => probability[next < 0 ? probability.length - 1 : 0]!);
  const [a, b] = [temperatures[next - 1]!, temperatures[next]!];
  const share = (temperature - a) / (b - a);
  return bands.map(({ probability }) => probability[next - 1]! * (1 - share) + probability[next]! * share);
}
