import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeTip } from '../../src/ui/charts/tip_place.ts';

const cases = fc
  .record({
    wide: fc.constantFrom(390, 768, 1440, 1920),
    chart: fc.record({
      left: fc.nat(200),
      top: fc.nat(600),
      width: fc.integer({ min: 120, max: 1400 }),
      height: fc.integer({ min: 70, max: 900 }),
    }),
    tip: fc.record({ width: fc.integer({ min: 40, max: 300 }), height: fc.integer({ min: 20, max: 130 }) }),
    x: fc.double({ min: 0, max: 1, noNaN: true }),
    y: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ wide, chart, tip, x, y }) => {
    const box = { ...chart, width: Math.min(chart.width, wide - chart.left) };
    const point = { x: box.left + x * box.width, y: Math.min(890, box.top + y * box.height) };
    return { box, tip, point, window: { width: wide, height: 900 } };
  });

test('a tip stays in the window, and covers at most a quarter of its chart wherever there is room beside the chart', () => {
  fc.assert(
    fc.property(cases, ({ box, tip, point, window }) => {
      const { left, top } = placeTip(tip, box, point, window);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left + tip.width).toBeLessThanOrEqual(window.width);
      expect(top + tip.height).toBeLessThanOrEqual(window.height);
      const wide = Math.min(left + tip.width, box.left + box.width) - Math.max(left, box.left);
      const high = Math.min(top + tip.height, box.top + box.height) - Math.max(top, box.top);
      const covered = Math.max(0, wide) * Math.max(0, high);
      const room = box.top > tip.height + 8 || box.top + box.height + tip.height + 8 < window.height;
      if (room) expect(covered * 4).toBeLessThanOrEqual(box.width * box.height);
    }),
    { numRuns: 2000, seed: 13 },
  );
});

test('a tip beside its point leaves the point free', () => {
  const box = { left: 0, top: 100, width: 900, height: 200 };
  const tip = { width: 160, height: 90 };
  const window = { width: 1440, height: 900 };
  for (const x of [10, 400, 890]) {
    const { left } = placeTip(tip, box, { x, y: 150 }, window);
    expect(x < left || x > left + tip.width).toBe(true);
  }
});
