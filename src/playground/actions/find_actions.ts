/** Finds the actions that a few typed words mean. */
import type { Action } from './action.ts';

/**
 * Finds the actions whose label or group contains all the words, in any order. Labels that begin with the query come first, then those
 * in which each word of the query begins a word, then the others.
 */
export function findActions(actions: readonly Action[], query: string): readonly Action[] {
  const typed = query.trim().toLowerCase();
  const words = typed.split(/\s+/);
  const ranked: Action[][] = [[], [], []];
  for (const action of actions) {
    const label = action.label.toLowerCase();
    const all = ` ${label} ${action.group.toLowerCase()}`;
    if (!words.every((word) => all.includes(word))) continue;
    const rank = label.startsWith(typed) ? 0 : words.every((word) => all.includes(` ${word}`)) ? 1 : 2;
    ranked[rank]!.push(action);
  }
  return ranked.flat();
}
