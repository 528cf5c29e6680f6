/** Which actions a person means who types a few words. */
import type { Action } from './action.ts';

/**
 * Those whose label or group has all the words, in any order. Labels that begin with the query stand first, then those in which each
 * word begins a word, then the others.
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
