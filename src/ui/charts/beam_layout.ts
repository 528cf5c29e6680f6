/** The layout of a beam search's tree, on the page and in a picture, in CSS pixels from its corner. */
import type { BeamNode, BeamRow } from '../../playground/compare/beam_rows.ts';
import { visible } from '../format.ts';

/** A node's logprob stands above its token. */
export const edgeHeight = 12;
export const tokenHeight = 22;
const levelHeight = edgeHeight + tokenHeight + 4;
/** Between two columns, where the edges run. */
const gap = 14;
/** Between two bands. */
const bandGap = 18;
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
  /** How many times the tree goes on at the left, as a line of text does. */
  readonly bands: number;
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
 * @param room the width in pixels that the tree should keep to; it then goes on in a band below
 */
export function beamLayout(all: readonly BeamRow[], rows: readonly BeamRow[], room = Infinity): BeamLayout {
  const place = new Map(rows.map(({ id }, index) => [id, index]));
  /** The row that has the node before this one: the row itself, or the one that it forked from. */
  const rowBefore = (index: number, node: BeamNode): number | undefined => {
    const { nodes, parent } = rows[index]!;
    if (node !== nodes[0]) return index;
    return parent === null ? undefined : place.get(all[parent]!.id);
  };
  const levels = levelsOf(rows, rowBefore);
  const columns = columnsOf(rows, room);
  const bandHeight =
    Math.max(0, ...levels.map((column) => Math.max(-1, ...column.values()) + 1)) * levelHeight;
  const x = (depth: number): number => columns[depth]?.left ?? 0;
  const nodeWidth = (depth: number): number => columns[depth]?.width ?? 0;
  const y = (row: number, depth: number): number =>
    (columns[depth]?.band ?? 0) * (bandHeight + bandGap) + (levels[depth]?.get(row) ?? 0) * levelHeight;
  const edges = { faded: '', plain: '', winner: '' };
  const middle = edgeHeight + tokenHeight / 2;
  for (const [index, { nodes }] of rows.entries()) {
    for (const node of nodes) {
      const { depth } = node;
      const from = rowBefore(index, node);
      if (from === undefined || depth === 0) continue;
      const kind = node.winning ? 'winner' : node.pruned ? 'faded' : 'plain';
      const [y1, y2] = [y(from, depth - 1) + middle, y(index, depth) + middle];
      const end = x(depth - 1) + nodeWidth(depth - 1);
      // At the end of a band the edge leaves at the right, and comes in again at the left.
      edges[kind] +=
        columns[depth]!.band === columns[depth - 1]!.band
          ? curve(end, y1, x(depth), y2)
          : `M${end} ${y1}h${gap}` + curve(x(depth) - gap, y1 + bandHeight + bandGap, x(depth), y2);
    }
  }
  const width = Math.max(0, ...columns.map(({ left, width: wide }) => left + wide + gap));
  const bands = (columns.at(-1)?.band ?? -1) + 1;
  const height = Math.max(0, bands * (bandHeight + bandGap) - bandGap);
  return { rows, width, height, bands, x, y, nodeWidth, edges };
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  if (y1 === y2) return `M${x1} ${y1}H${x2}`;
  return `M${x1} ${y1}C${x1 + gap * 0.7} ${y1} ${x2 - gap * 0.7} ${y2} ${x2} ${y2}`;
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

interface Column {
  readonly left: number;
  readonly width: number;
  readonly band: number;
}

/** By depth. Each band but the first begins with room for the edges that come in. */
function columnsOf(rows: readonly BeamRow[], room: number): Column[] {
  const columns: Column[] = [];
  for (const width of columnWidths(rows)) {
    const { left, width: before, band } = columns.at(-1) ?? { left: -gap, width: 0, band: 0 };
    const next = left + before + gap;
    const full = next > 0 && next + width + gap > room;
    columns.push({ left: full ? gap : next, width, band: full ? band + 1 : band });
  }
  return columns;
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
