import type { Line } from '../../../playground/texts/line.ts';

export interface TreeRow {
  readonly line: Line;
  readonly depth: number;
}

/** The lines in the order of a tree: each is followed by its branches, the oldest first. */
export function branchTree(lines: readonly Line[]): readonly TreeRow[] {
  const known = new Set(lines.map((line) => line.id));
  const below = (parent: number | null, depth: number): TreeRow[] =>
    lines
      .filter((line) => (line.parent !== null && known.has(line.parent) ? line.parent : null) === parent)
      .flatMap((line) => [{ line, depth }, ...below(line.id, depth + 1)]);
  return below(null, 0);
}
