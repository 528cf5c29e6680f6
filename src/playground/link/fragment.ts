/** The whole link: `#v=1&model=…&prompt=…&…&seed=42`, then `&r=` with a packed record. */
import type { Settings } from '../settings.ts';
import { maxFragmentLength } from '../limits.ts';
import { readPairs, writePairs, type Pair } from './query.ts';
import { linkVersion, readSettings, writeSettings } from './settings_link.ts';
import { LinkValues } from './values.ts';

/** The most unknown names to list; a real link has fewer. */
const maxNames = 20;

export interface LinkState {
  readonly settings: Settings;
  /** The packed record; null if there is none. */
  readonly packed: string | null;
  /** Sentences about what the page could not use. */
  readonly problems: readonly string[];
}

/** @returns the fragment without `#` */
export function writeFragment(settings: Settings, packed: string | null = null): string {
  const recording: Pair[] = packed === null ? [] : [['r', packed]];
  return writePairs([...writeSettings(settings), ...recording]);
}

/**
 * Never throws. `problems` names what cannot be used.
 * @param fragment with or without `#`
 * @returns null for a fragment that is not a link of this page, such as an anchor
 */
export function readFragment(fragment: string): LinkState | null {
  const query = fragment.replace(/^#/, '');
  if (!/(^|&)v=/.test(query)) return null;
  if (query.length > maxFragmentLength) {
    const problem = `The link is ${query.length} characters long, more than the ${maxFragmentLength} that are read; ask for it as a file.`;
    return { settings: readSettings(new LinkValues([])), packed: null, problems: [problem] };
  }
  const values = new LinkValues(readPairs(query));
  const version = values.last('v') ?? '';
  const packed = values.last('r') ?? null;
  const settings = readSettings(values);
  const problems = [...values.problems];
  if (Number(version) > linkVersion) {
    problems.unshift(
      `The link is of version ${version.slice(0, 20)}, newer than this page, which reads up to ${linkVersion}; reload the page for a newer one.`,
    );
  }
  const unknown = values.unknown();
  if (unknown.length > 0) {
    const names = unknown.slice(0, maxNames).map((name) => `"${name.slice(0, 30)}"`);
    const more = unknown.length - names.length;
    if (more > 0) names.push(`${more} more`);
    problems.push(`The link has ${names.join(', ')}, which this page does not know; left out.`);
  }
  return { settings, packed: packed === '' ? null : packed, problems };
}
