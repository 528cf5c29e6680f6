import { expect, test } from 'vitest';
import { laneGrid } from '../../../src/ui/panels/compare/lane_grid.ts';

// The room that the texts have at 1440, 1920, 768 and 390 px.
test.each([
  [2, 1067, { columns: 2, rows: 1, single: false }],
  [4, 1067, { columns: 4, rows: 1, single: false }],
  [8, 1067, { columns: 4, rows: 2, single: false }],
  [8, 1547, { columns: 4, rows: 2, single: false }],
  [7, 1547, { columns: 7, rows: 1, single: false }],
  [4, 768, { columns: 2, rows: 2, single: false }],
  [8, 768, { columns: 3, rows: 3, single: false }],
  [5, 1067, { columns: 5, rows: 1, single: false }],
  [4, 390, { columns: 1, rows: 4, single: true }],
  [2, 399, { columns: 1, rows: 2, single: true }],
  [1, 360, { columns: 1, rows: 1, single: false }],
])('%i lanes in %i px', (lanes, width, grid) => {
  expect(laneGrid(lanes, width)).toEqual(grid);
});
