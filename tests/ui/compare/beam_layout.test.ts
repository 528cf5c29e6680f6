import { expect, test } from 'vitest';
import { beamRows, unprunedRows } from '../../../src/playground/compare/beam_rows.ts';
import { beamLayout } from '../../../src/ui/charts/beam_layout.ts';
import { runScripted } from '../../unit/decoding/run_scripted.ts';
import { textsOf } from '../../unit/compare/texts_of.ts';

async function treeOf(width: number, maxTokens: number) {
  const strategy = { kind: 'beam', width, lengthPenalty: 1 } as const;
  const { events, result } = await runScripted({ strategy, stop: { maxTokens, sequences: [] } });
  return beamRows(textsOf(events), 1, result.winner);
}

test.each([2, 4, 16])(
  'a tree of %i beams is as high as its fullest depth, and nothing overlaps',
  async (width) => {
    const all = await treeOf(width, 40);
    for (const rows of [all, unprunedRows(all)]) {
      const layout = beamLayout(all, rows);
      const columns = new Map<number, number[]>();
      for (const [index, row] of rows.entries())
        for (const { depth } of row.nodes)
          columns.set(depth, [...(columns.get(depth) ?? []), layout.y(index, depth)]);
      let fullest = 0;
      for (const [depth, tops] of columns) {
        // In the order of the rows, which is that of the branches: so no edges cross.
        for (const [i, top] of tops.entries()) if (i > 0) expect(top - tops[i - 1]!).toBeGreaterThan(34);
        expect(tops[0]).toBeGreaterThanOrEqual(0);
        expect(tops.at(-1)! + 34).toBeLessThan(layout.height);
        if (columns.has(depth + 1))
          expect(layout.x(depth) + layout.nodeWidth(depth)).toBeLessThan(layout.x(depth + 1));
        expect(layout.x(depth) + layout.nodeWidth(depth)).toBeLessThan(layout.width);
        fullest = Math.max(fullest, tops.length);
      }
      expect([layout.height, layout.bands]).toEqual([38 * fullest, 1]);
      expect(fullest).toBeLessThanOrEqual(2 * width);
      // Each node but those at depth 0 hangs on one edge.
      const nodes = rows.flatMap((row) => row.nodes);
      const drawn = Object.values(layout.edges).join('').match(/M/g)!.length;
      expect(drawn).toBe(nodes.filter(({ depth }) => depth > 0).length);
    }
  },
);

test('a column is as wide as its longest token, and never too narrow for a logprob', async () => {
  const all = await treeOf(4, 12);
  const layout = beamLayout(all, all);
  const longest = new Map<number, number>();
  for (const { depth, token } of all.flatMap(({ nodes }) => nodes))
    longest.set(depth, Math.max(longest.get(depth) ?? 0, token.label.length));
  for (const [depth, characters] of longest) {
    expect(layout.nodeWidth(depth)).toBeGreaterThanOrEqual(38);
    expect(layout.nodeWidth(depth)).toBeLessThan(characters * 7.3 + 40);
  }
});

test('a tree that is wider than its room goes on below, with everything within it', async () => {
  const all = await treeOf(4, 40);
  const whole = beamLayout(all, all);
  const layout = beamLayout(all, all, 800);
  expect(whole.width).toBeGreaterThan(2 * 800);
  expect(layout.width).toBeLessThanOrEqual(800);
  expect(layout.bands).toBe(Math.ceil(whole.width / 740));
  for (const [index, { nodes }] of all.entries()) {
    for (const { depth } of nodes) {
      const [x, y] = [layout.x(depth), layout.y(index, depth)];
      expect(x + layout.nodeWidth(depth)).toBeLessThan(layout.width);
      expect(y + 34).toBeLessThan(layout.height);
    }
  }
  // Each node has an edge, also across the end of a band.
  const nodes = all.flatMap((row) => row.nodes).filter(({ depth }) => depth > 0);
  const ins = Object.values(layout.edges)
    .join('')
    .match(/[CH][^M]*/g)!.length;
  expect(ins).toBe(nodes.length);
});
