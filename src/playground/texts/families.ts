import type { PageText } from './text.ts';

/** A text and its branches, parents first: one entry of the history. */
export interface Family {
  readonly root: PageText;
  readonly texts: readonly PageText[];
}

export function familiesOf(texts: readonly PageText[]): Family[] {
  const byId = new Map(texts.map((text) => [text.id, text]));
  const rootOf = (text: PageText): PageText => {
    const parent = text.parent === null ? undefined : byId.get(text.parent);
    return parent ? rootOf(parent) : text;
  };
  const families = new Map<PageText, PageText[]>();
  for (const text of texts) {
    const root = rootOf(text);
    families.set(root, [...(families.get(root) ?? []), text]);
  }
  // A parent comes before its branches, whatever the order on the page.
  return [...families].map(([root, members]) => ({ root, texts: inOrder(root, members) }));
}

function inOrder(root: PageText, members: readonly PageText[]): PageText[] {
  const below = (text: PageText): PageText[] => [
    text,
    ...members.filter(({ parent }) => parent === text.id).flatMap(below),
  ];
  return below(root);
}
