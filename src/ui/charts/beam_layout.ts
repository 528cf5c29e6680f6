/** The layout of a beam search's tree, on the page and in a picture, in CSS pixels from its corner. */
import type { BeamRow } from '../../playground/compare/beam_rows.ts';

/** The size of a node's place, including the gap to the next one. */
const cell = 96;
const rowHeight = 40;
export const nodeWidth = cell - 10;
/** A node's logprob stands above its token. */
export const edgeHeight = 12;
export const tokenHeight = 22;

export interface BeamLayout {
  readonly rows: readonly BeamRow[];
  readonly width: number;
  readonly height: number;
  readonly x: (depth: number) => number;
  readonly y: (row: number) => number;
  /** An SVG path from the parent's node before the fork to the first node of a row; empty for the root. */
  readonly edge: (row: BeamRow, index: number) => string;
}

/**
 * @param all every row; parents are indices into it
 * @param rows the rows that are drawn, in order
 */
export function beamLayout(all: readonly BeamRow[], rows: readonly BeamRow[]): BeamLayout {
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  const depths = Math.max(0, ...rows.map(({ nodes }) => (nodes.at(-1)?.depth ?? 0) + 1));
  const x = (depth: number): number => depth * cell;
  const y = (row: number): number => row * rowHeight;
  function edge(row: BeamRow, index: number): string {
    const first = row.nodes[0];
    if (!first || row.parent === null) return '';
    const from = place.get(all[row.parent]!.id);
    if (from === undefined || first.depth === 0) return '';
    const [x1, y1] = [x(first.depth) - 10, y(from) + 24];
    const [x2, y2] = [x(first.depth) + 2, y(index) + 24];
    return `M${x1} ${y1}C${x1 + 8} ${y1} ${x1} ${y2} ${x2} ${y2}`;
  }
  return { rows, width: x(depths) + 40, height: y(rows.length) + 10, x, y, edge };
}
