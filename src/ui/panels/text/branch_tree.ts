import type { PageText } from '../../../playground/texts/text.ts';

export interface TreeRow {
  readonly text: PageText;
  readonly depth: number;
}

/** The texts in the order of a tree: each is followed by its branches, the oldest first. */
export function branchTree(texts: readonly PageText[]): readonly TreeRow[] {
  const known = new Set(texts.map((text) => text.id));
  const below = (parent: number | null, depth: number): TreeRow[] =>
    texts
      .filter((text) => (text.parent !== null && known.has(text.parent) ? text.parent : null) === parent)
      .flatMap((text) => [{ text, depth }, ...below(text.id, depth + 1)]);
  return below(null, 0);
}
