import { expect, test } from 'vitest';
import { decades } from '../../src/ui/charts/axes.ts';

test.each([
  ['as many powers of ten as fit', [1, 1e6, 60, 14], [1, 100, 1e4, 1e6]],
  ['1, 2, 5 where there is room', [1, 100, 200, 14], [1, 2, 5, 10, 20, 50, 100]],
  ['more than one number where there is one power of ten', [1, 9.9, 38, 14], [1, 5]],
  ['a range without a power of ten', [1.5, 9, 60, 14], [2, 5]],
] as const)('a logarithmic axis names %s', (_, [min, max, pixels, room], values) => {
  expect(decades(min, max, pixels, room).map(({ value }) => Number(value.toPrecision(6)))).toEqual(values);
});
