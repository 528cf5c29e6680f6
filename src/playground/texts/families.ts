import type { Line } from './line.ts';

/** A text and its branches, parents first: one entry of the history. */
export interface Family {
  readonly root: Line;
  readonly lines: readonly Line[];
}

export function familiesOf(lines: readonly Line[]): Family[] {
  const byId = new Map(lines.map((line) => [line.id, line]));
  const rootOf = (line: Line): Line => {
    const parent = line.parent === null ? undefined : byId.get(line.parent);
    return parent ? rootOf(parent) : line;
  };
  const families = new Map<Line, Line[]>();
  for (const line of lines) {
    const root = rootOf(line);
    families.set(root, [...(families.get(root) ?? []), line]);
  }
  // A parent comes before its branches, whatever the order on the page.
  return [...families].map(([root, members]) => ({ root, lines: inOrder(root, members) }));
}

function inOrder(root: Line, members: readonly Line[]): Line[] {
  const below = (line: Line): Line[] => [
    line,
    ...members.filter(({ parent }) => parent === line.id).flatMap(below),
  ];
  return below(root);
}
