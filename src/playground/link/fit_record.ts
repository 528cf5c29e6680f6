/** How many candidates of which steps a link can carry. */
import type { DocumentText, RunRecord } from '../record/document.ts';

/** Candidates per step, from most to least. Fewer would show little. */
export const depths: readonly number[] = [10, 8, 6, 5, 4, 3];
/** If not even the least of these fits, the most interesting steps have this many. */
export const partialDepth = 5;

/**
 * Output positions by interest, for all texts at once because their charts stand side by side: the selected step, the steps at which
 * texts part, then the highest entropies.
 */
export function positionsByInterest({ lines: texts, selected, comparison }: RunRecord): number[] {
  const first = Math.min(...texts.map(({ promptLength }) => promptLength));
  const longest = Math.max(...texts.map(({ tokens }) => tokens.length));
  const interest = new Map<number, number>();
  for (let position = first; position < longest; position++) {
    const open = texts.map(({ tokens, promptLength }) =>
      position < promptLength ? 0 : (tokens[position]?.entropy ?? 0),
    );
    interest.set(position, Math.max(...open));
  }
  if (comparison) for (const position of partings(texts)) interest.set(position, Infinity);
  if (selected !== null && interest.has(selected)) interest.set(selected, Infinity);
  return [...interest.keys()].sort((a, b) => {
    const [one, other] = [interest.get(a)!, interest.get(b)!];
    return one === other ? a - b : other - one;
  });
}

/** Where each text first parts from an earlier one. */
function partings(texts: readonly DocumentText[]): Set<number> {
  const found = new Set<number>();
  texts.forEach((text, index) => {
    for (const other of texts.slice(0, index)) {
      const at = text.tokens.findIndex(({ id }, position) => id !== other.tokens[position]?.id);
      if (at >= 0) found.add(at);
    }
  });
  return found;
}

/** The record with candidates at these positions only. */
export function withCandidatesAt(record: RunRecord, positions: ReadonlySet<number>): RunRecord {
  const texts = record.lines.map((text) => ({
    ...text,
    tokens: text.tokens.map((token, position) => (positions.has(position) ? token : { ...token, top: [] })),
  }));
  return { ...record, lines: texts };
}
