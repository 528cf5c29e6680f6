/** Gestures that make several lanes at once, as patches over the common parameters; at most `maxLanes`. */
import { parameter } from '../../sampling/parameter_table.ts';
import type { NumberKey } from '../../sampling/params.ts';
import { maxLanes } from '../limits.ts';
import type { LanePatch } from '../settings.ts';

/** The usual comparison: from always the best token to more and more luck. */
const usualTemperatures: readonly number[] = [0, 0.4, 0.8, 1.2];

export function temperatureLanes(): LanePatch[] {
  return usualTemperatures.map((temperature) => ({ temperature }));
}

/**
 * `steps` values of one parameter from `from` to `to`, both included: evenly, or by equal ratios if the parameter's scale
 * is logarithmic. Each is within the table's range, and whole if it must be. A value that rounding repeats appears once.
 */
export function sweepLanes(key: NumberKey, from: number, to: number, steps: number): LanePatch[] {
  const row = parameter(key);
  const bounded = (value: number): number => Math.min(row.max, Math.max(row.min, value));
  const [a, b] = [bounded(from), bounded(to)];
  const count = Math.min(maxLanes, Math.max(1, Math.round(steps)));
  const values = Array.from({ length: count }, (_, index) => {
    const share = count === 1 ? 0 : index / (count - 1);
    const value = row.scale === 'log' && a > 0 && b > 0 ? a * (b / a) ** share : a + (b - a) * share;
    return row.integer ? Math.round(value) : Number(value.toPrecision(6));
  });
  return [...new Set(values)].map((value) => ({ [key]: value }) as LanePatch);
}

/** The same setting with `count` seeds from `first` on. */
export function seedLanes(first: number, count: number): LanePatch[] {
  const { max } = parameter('seed');
  const lanes = Math.min(maxLanes, Math.max(1, Math.round(count)));
  return Array.from({ length: lanes }, (_, index) => ({ seed: (first + index) % (max + 1) }));
}

/** The label of a lane's changes: `T 0.4`, `Top-k 40`. Empty if it changes nothing. */
export function laneDifference(patch: LanePatch): string {
  return Object.entries(patch)
    .map(([key, value]) =>
      typeof value === 'number'
        ? `${key === 'temperature' ? 'T' : parameter(key as NumberKey).label} ${value}`
        : key === 'order'
          ? 'another order'
          : key,
    )
    .join(', ');
}

/** The name of a lane, because colour alone is not enough: a, b, … z. Beams continue with 27, 28 … */
export function laneLetter(lane: number): string {
  return lane < 26 ? String.fromCharCode(97 + lane) : String(lane + 1);
}
