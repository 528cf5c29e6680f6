/** What distributions have in common when they are laid over each other: one list of tokens, and equal texts before the place. */
import type { TokenId } from '../../engines/contract.ts';

/**
 * @param weights of the tokens to choose from
 * @param must tokens that are listed in any case
 * @param top how many to list
 * @returns the heaviest tokens, heaviest first
 */
export function sharedTokens(
  weights: ReadonlyMap<TokenId, number>,
  must: ReadonlySet<TokenId>,
  top: number,
): TokenId[] {
  const ranked = [...weights].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([token]) => token);
  const free = ranked.filter((token) => !must.has(token)).slice(0, Math.max(0, top - must.size));
  const taken = new Set([...must, ...free]);
  return ranked.filter((token) => taken.has(token));
}

/** A number for each different text, in order of appearance. */
export function contextNumbers(texts: readonly (readonly TokenId[])[]): number[] {
  const contexts = new Map<string, number>();
  return texts.map((tokens) => {
    const key = tokens.join();
    const context = contexts.get(key) ?? contexts.size;
    contexts.set(key, context);
    return context;
  });
}
