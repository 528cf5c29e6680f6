/** The layout of a beam search's tree, on the page and in a picture, in CSS pixels from its corner. */
import type { BeamNode, BeamRow } from '../../playground/compare/beam_rows.ts';
import { visible } from '../format.ts';

/** A node's logprob stands above its token. */
export const edgeHeight = 12;
export const tokenHeight = 22;
const levelHeight = edgeHeight + tokenHeight + 4;
/** Between two columns, where the edges run. */
const gap = 14;
/** A column is as wide as its longest token, within these bounds; a longer token is cut. */
const [narrowest, widest] = [38, 132];
/** Of a character of the tokens' type, and what a token's box adds. */
const [characterWidth, boxWidth] = [7.3, 10];
/** Scripts whose characters take the room of two. */
const doubleWidth =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/gu;

/** The look of an edge is that of the node that it leads to. */
export type EdgeKind = 'faded' | 'plain' | 'winner';

export interface BeamLayout {
  readonly rows: readonly BeamRow[];
  readonly width: number;
  readonly height: number;
  readonly x: (depth: number) => number;
  /** Of the row's node at this depth. */
  readonly y: (row: number, depth: number) => number;
  readonly nodeWidth: (depth: number) => number;
  /** All edges of a kind as one SVG path. */
  readonly edges: Readonly<Record<EdgeKind, string>>;
}

/**
 * @param all every row; parents are indices into it
 * @param rows the rows that are drawn, in order
 */
export function beamLayout(all: readonly BeamRow[], rows: readonly BeamRow[]): BeamLayout {
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  /** The row that has the node before this one: the row itself, or the one that it forked from. */
  const rowBefore = (index: number, node: BeamNode): number | undefined => {
    const { nodes, parent } = rows[index]!;
    if (node !== nodes[0]) return index;
    return parent === null ? undefined : place.get(all[parent]!.id);
  };
  const levels = levelsOf(rows, rowBefore);
  const widths = columnWidths(rows);
  const lefts = [0];
  for (const width of widths) lefts.push(lefts.at(-1)! + width + gap);
  const x = (depth: number): number => lefts[depth] ?? 0;
  const y = (row: number, depth: number): number => (levels[depth]?.get(row) ?? 0) * levelHeight;
  const edges = { faded: '', plain: '', winner: '' };
  const middle = edgeHeight + tokenHeight / 2;
  for (const [index, { nodes }] of rows.entries()) {
    for (const node of nodes) {
      const from = rowBefore(index, node);
      if (from === undefined || node.depth === 0) continue;
      const [x1, y1] = [x(node.depth) - gap, y(from, node.depth - 1) + middle];
      const [x2, y2] = [x(node.depth), y(index, node.depth) + middle];
      const kind = node.winning ? 'winner' : node.pruned ? 'faded' : 'plain';
      edges[kind] +=
        y1 === y2
          ? `M${x1} ${y1}H${x2}`
          : `M${x1} ${y1}C${x1 + gap * 0.7} ${y1} ${x2 - gap * 0.7} ${y2} ${x2} ${y2}`;
    }
  }
  const height = Math.max(0, ...levels.map((column) => Math.max(-1, ...column.values()) + 1)) * levelHeight;
  return { rows, width: lefts.at(-1)!, height, x, y, nodeWidth: (depth) => widths[depth] ?? 0, edges };
}

/**
 * The level of each row's node, depth by depth. A search has few nodes at one depth, so as many levels are enough as it has at
 * the fullest depth. Each node stays at the level of the node before it, unless others take that room. Nodes stand in the order
 * of `beamRows`, in which no edges cross.
 */
function levelsOf(
  rows: readonly BeamRow[],
  rowBefore: (index: number, node: BeamNode) => number | undefined,
): ReadonlyMap<number, number>[] {
  const columns: { index: number; node: BeamNode }[][] = [];
  for (const [index, { nodes }] of rows.entries())
    for (const node of nodes) (columns[node.depth] ??= []).push({ index, node });
  const most = Math.max(0, ...columns.map(({ length }) => length));
  const levels: Map<number, number>[] = [];
  for (const [depth, column] of columns.entries()) {
    const placed: number[] = [];
    for (const { index, node } of column) {
      const from = rowBefore(index, node);
      const wanted = (from === undefined ? undefined : levels[depth - 1]?.get(from)) ?? 0;
      placed.push(Math.max(wanted, (placed.at(-1) ?? -1) + 1));
    }
    for (let i = placed.length - 1, free = most - 1; i >= 0 && placed[i]! > free; i--, free--)
      placed[i] = free;
    levels.push(new Map(column.map(({ index }, i) => [index, placed[i]!])));
  }
  return levels;
}

function columnWidths(rows: readonly BeamRow[]): number[] {
  const widths: number[] = [];
  for (const { depth, token } of rows.flatMap(({ nodes }) => nodes)) {
    const label = visible(token.label);
    const characters = [...label].length + (label.match(doubleWidth)?.length ?? 0);
    const wanted = Math.ceil(characters * characterWidth) + boxWidth;
    widths[depth] = Math.max(widths[depth] ?? narrowest, Math.min(widest, wanted));
  }
  return widths;
}
