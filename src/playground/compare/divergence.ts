/** Finds where texts over one prompt part. */

/**
 * The first index at which two outputs differ, in a token or because only one of them ended.
 * @returns null when both are the same, or when one is still growing and agrees so far
 */
export function firstDivergence(
  a: readonly number[],
  b: readonly number[],
  ended: { readonly a: boolean; readonly b: boolean } = { a: true, b: true },
): number | null {
  const both = Math.min(a.length, b.length);
  for (let i = 0; i < both; i++) if (a[i] !== b[i]) return i;
  if (a.length === b.length) return null;
  return (a.length < b.length ? ended.a : ended.b) ? both : null;
}

export interface Output {
  readonly tokens: readonly number[];
  readonly ended: boolean;
}

export interface Partings {
  /** [lane][lane]: `firstDivergence` of the pair; null on the diagonal. */
  readonly pairs: readonly (readonly (number | null)[])[];
  /** How many output tokens all lanes share from their beginning. */
  readonly common: number;
}

export function partings(outputs: readonly Output[]): Partings {
  const pairs = outputs.map((a, i) =>
    outputs.map((b, j) => (i === j ? null : firstDivergence(a.tokens, b.tokens, { a: a.ended, b: b.ended }))),
  );
  const shortest = Math.min(...outputs.map(({ tokens }) => tokens.length));
  const first = Math.min(...pairs.flat().map((at) => at ?? Infinity));
  return { pairs, common: outputs.length === 0 ? 0 : Math.min(shortest, first) };
}

export function samePartings(a: Partings, b: Partings): boolean {
  return (
    a.common === b.common &&
    a.pairs.length === b.pairs.length &&
    a.pairs.every((row, i) => row.every((at, j) => at === b.pairs[i]![j]))
  );
}

/** For each output index at which the lane first parts from others: those other lanes. */
export function partingsOf(lane: number, { pairs }: Partings): ReadonlyMap<number, readonly number[]> {
  const marks = new Map<number, number[]>();
  pairs[lane]?.forEach((at, other) => {
    if (at !== null) marks.set(at, [...(marks.get(at) ?? []), other]);
  });
  return marks;
}
