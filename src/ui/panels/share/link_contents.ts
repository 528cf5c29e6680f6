/** Says what is in a link, and what is not. */
import type { SharedLink } from '../../../playground/link/share.ts';
import { count } from '../../format.ts';

/** @param label what was chosen, e.g. `all 2 texts` */
export function linkContents({ depth, steps }: SharedLink, label: string): string {
  if (depth === null) return 'The link has the settings, and no text.';
  const record = `The link has the settings and ${label}, with each token’s numbers`;
  if (depth === 0) return `${record}; candidates are not in it.`;
  if (steps === null)
    return `${record} and the ${depth} likeliest candidates of each step; the others are not in it.`;
  return `${record} and the ${depth} likeliest candidates of the ${count(steps)} steps that were most open; other candidates are not in it.`;
}
