import fc from 'fast-check';
import { expect, test } from 'vitest';
import { positionTicks } from '../../src/ui/charts/position_axis.ts';

const views = fc
  .record({
    first: fc.nat(3000),
    more: fc.nat(3000),
    promptLength: fc.nat(600),
    pixels: fc.constantFrom(300, 500, 900, 1900),
  })
  .map(({ first, more, promptLength, pixels }) => ({ first, last: first + more, promptLength, pixels }));

test('labels stand at tokens in view, in their order, and keep their distance', () => {
  fc.assert(
    fc.property(views, ({ first, last, promptLength, pixels }) => {
      const ticks = positionTicks(first, last, promptLength, pixels);
      const pixelsEach = pixels / (last - first + 1);
      ticks.forEach((tick, i) => {
        expect(tick).toBeGreaterThanOrEqual(first);
        expect(tick).toBeLessThanOrEqual(last);
        if (tick >= promptLength) expect(Number.isInteger(tick)).toBe(true);
        // Half of the word “prompt” and half of a number take less.
        if (i > 0) expect((tick - ticks[i - 1]!) * pixelsEach).toBeGreaterThan(19);
      });
      expect(ticks.filter((tick) => tick < promptLength).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 2000, seed: 13 },
  );
});

test('output tokens are numbered from 1, and by round numbers', () => {
  const outputs = positionTicks(0, 173, 5, 520).map((tick) => tick - 5 + 1);
  expect(outputs).toEqual([1, 50, 100, 150]);
});

test('a prompt that is wide enough is named once, in its middle', () => {
  expect(positionTicks(0, 39, 20, 800)[0]).toBe(9.5);
});
