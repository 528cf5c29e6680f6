import { describe, expect, test } from 'vitest';
import {
  laneMultipleConfig,
  laneOverlayConfig,
  type ShownLane,
} from '../../../src/ui/charts/lane_overlay.ts';
import { laneTimelineConfig } from '../../../src/ui/charts/lane_timeline.ts';
import { positionTicks } from '../../../src/ui/charts/position_axis.ts';
import { stripAt, stripBands } from '../../../src/ui/charts/strip_bands.ts';
import type { ChartTheme } from '../../../src/ui/charts/chart_theme.ts';

const theme = { font: 'x', mono: 'y', gone: 'grey' } as ChartTheme;
const colours = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'];

function lane(index: number, context: number, final: readonly number[]): ShownLane {
  return {
    lane: index,
    name: `lane ${index}`,
    view: {
      context,
      chosen: 7,
      raw: Float64Array.of(0.6, 0.4),
      final: Float64Array.from(final),
      removedBy: [null, null],
      rest: 0,
      entropyRaw: 0.6,
      entropyFinal: 0.5,
      kept: 2,
      u: 0.5,
    },
  };
}

const names = { tokens: [7, 8], labels: [' a', 'b'] };

describe('the overlay', () => {
  test('has one line per lane, and the raw distribution only if all lanes have the same text before it', () => {
    const same = laneOverlayConfig(names, [lane(0, 0, [1, 0]), lane(1, 0, [0.7, 0.3])], theme, colours);
    expect(same.data.datasets.map(({ data }) => data)).toEqual([
      [1, 0],
      [0.7, 0.3],
      [0.6, 0.4],
    ]);
    expect(same.data.labels).toEqual(['▸ ␣a', 'b']);
    const apart = laneOverlayConfig(names, [lane(0, 0, [1, 0]), lane(1, 1, [0.7, 0.3])], theme, colours);
    expect(apart.data.datasets).toHaveLength(2);
  });

  test('marks the tokens that the grammar forbids in every lane', () => {
    const held = (index: number, removedBy: readonly (string | null)[]): ShownLane => {
      const shown = lane(index, 0, [1, 0]);
      return { ...shown, view: { ...shown.view, removedBy } };
    };
    const both = [held(0, [null, 'grammar']), held(1, [null, 'grammar'])];
    expect(laneOverlayConfig(names, both, theme, colours).data.labels).toEqual(['▸ ␣a', '⊘ b']);
    const one = [held(0, [null, 'grammar']), held(1, [null, 'top_p'])];
    expect(laneOverlayConfig(names, one, theme, colours).data.labels).toEqual(['▸ ␣a', 'b']);
  });

  test('repeats the hues from the ninth lane on, with dashed lines', () => {
    const { data } = laneOverlayConfig(names, [lane(1, 0, [1, 0]), lane(9, 0, [1, 0])], theme, colours);
    expect(data.datasets.slice(0, 2).map(({ borderColor }) => borderColor)).toEqual(['c1', 'c1']);
    expect(data.datasets.map((set) => ('borderDash' in set ? set.borderDash : null)).slice(0, 2)).toEqual([
      [],
      [4, 2],
    ]);
  });

  test('a small multiple has the lane’s own figures', () => {
    const { data } = laneMultipleConfig(names.labels, lane(2, 0, [0.9, 0.1]), theme, colours);
    expect(data.datasets.map((set) => set.data)).toEqual([
      [0.9, 0.1],
      [0.6, 0.4],
    ]);
  });
});

test('the timeline leaves out unknown values and numbers tokens from one', () => {
  const values = Float64Array.of(NaN, 2, 3);
  const options = { measure: 'entropy, nats', scale: 'nats', selected: null, focus: 0 } as const;
  const { data } = laneTimelineConfig([{ lane: 0, name: 'a', values }], theme, colours, options);
  expect(data.datasets[0]!.data).toEqual([
    { x: 2, y: 2 },
    { x: 3, y: 3 },
  ]);
});

test('the axis of the timeline names each token once, and none beyond the last', () => {
  const values = Float64Array.of(1, 2, 3);
  const options = { measure: 'entropy, nats', scale: 'nats', selected: null, focus: 0 } as const;
  const { options: drawn } = laneTimelineConfig([{ lane: 0, name: 'a', values }], theme, colours, options);
  const axis = drawn!.scales!['x']!;
  expect([axis.min, axis.max]).toEqual([0.5, 3.5]);
  const nameOf = axis.ticks!.callback as (value: number) => string;
  expect(positionTicks(1, 3, 1, 400).map(nameOf)).toEqual(['1', '2', '3']);
});

describe('the temperature strip', () => {
  const strip = {
    temperatures: Float64Array.of(0, 1, 2),
    chosen: 7,
    bands: [
      { token: 7, label: 'a', probability: Float64Array.of(1, 0.6, 0.5) },
      { token: 8, label: 'b', probability: Float64Array.of(0, 0.4, 0.3) },
    ],
  };

  test('stacks the bands: each begins where the one before it ends', () => {
    const [a, b] = stripBands(strip, 200, 100);
    expect(a!.path).toBe('M0.0 0.0L100.0 0.0L200.0 0.0L200.0 50.0L100.0 60.0L0.0 100.0Z');
    expect(b!.path).toBe('M0.0 100.0L100.0 60.0L200.0 50.0L200.0 80.0L100.0 100.0L0.0 100.0Z');
    expect([b!.x, b!.y, b!.height]).toEqual([100, 80, 40]);
  });

  test('interpolates between two temperatures, and stays constant beyond the last', () => {
    expect(stripAt(strip, 0.5).map((p) => Number(p.toFixed(12)))).toEqual([0.8, 0.2]);
    expect(stripAt(strip, 0)).toEqual([1, 0]);
    expect(stripAt(strip, 9)).toEqual([0.5, 0.3]);
  });
});
