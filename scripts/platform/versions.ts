/** Finds the oldest browsers that have what the source uses, in MDN's table of browser compatibility. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Use } from './uses.ts';

const BROWSERS = ['chrome', 'edge', 'firefox', 'safari'] as const;
type BrowserId = (typeof BROWSERS)[number];

interface Statement {
  readonly version_added: string | boolean | null;
  readonly flags?: unknown;
  readonly prefix?: string;
  readonly alternative_name?: string;
}

/** A node of MDN's tree: `__compat` if it is a feature, and its parts by name. */
interface Feature {
  readonly __compat?: { readonly support: Partial<Record<BrowserId, Statement | readonly Statement[]>> };
  readonly [part: string]: unknown;
}

export interface Requirement {
  readonly feature: string;
  /** Infinity if no version has it. */
  readonly since: Record<BrowserId, number>;
  readonly places: readonly string[];
}

/** @param guarded features that the source tests for before it uses them, or works without */
export function requirements(
  root: string,
  uses: readonly Use[],
  guarded: Readonly<Record<string, string>>,
): Requirement[] {
  const path = join(root, 'node_modules/@mdn/browser-compat-data/data.json');
  const data = JSON.parse(readFileSync(path, 'utf8')) as Record<'api', Feature> & {
    javascript: { builtins: Feature };
  };
  const found = new Map<string, { feature: Feature; places: string[] }>();
  for (const { owners, member, place } of uses) {
    const hit = find(data.api, data.javascript.builtins, owners, member);
    if (hit === null || hit.name in guarded) continue;
    const known = found.get(hit.name);
    if (known) known.places.push(place);
    else found.set(hit.name, { feature: hit.feature, places: [place] });
  }
  return [...found].map(([feature, { feature: node, places }]) => ({
    feature,
    since: sinceOf(node),
    places,
  }));
}

function find(
  api: Feature,
  builtins: Feature,
  owners: readonly string[],
  member: string,
): { name: string; feature: Feature } | null {
  // MDN lists members of mixins under the interfaces that include them, and what workers share with windows under the globals.
  const candidates: [Feature, string][] = owners.flatMap((owner): [Feature, string][] => [
    [api, `${owner}.${member}`],
    [api, `${owner}.${member}_static`],
    [builtins, `${owner}.${member}`],
  ]);
  if (owners.length === 0) candidates.push([api, member], [builtins, member]);
  for (const [tree, name] of candidates) {
    const feature = name
      .split('.')
      .reduce<Feature | undefined>(
        (node, part) => (node && Object.hasOwn(node, part) ? (node[part] as Feature) : undefined),
        tree,
      );
    if (feature?.__compat) return { name, feature };
  }
  return null;
}

function sinceOf(feature: Feature): Record<BrowserId, number> {
  const support = feature.__compat!.support;
  return Object.fromEntries(
    BROWSERS.map((browser) => [browser, Math.min(...[support[browser] ?? []].flat().map(versionOf))]),
  ) as Record<BrowserId, number>;
}

/** The first version that has a feature. It counts even if only some systems have it: WebGPU came to systems one after the other. */
function versionOf({ version_added, flags, prefix, alternative_name }: Statement): number {
  if (typeof version_added !== 'string' || flags !== undefined) return Infinity;
  if (prefix !== undefined || alternative_name !== undefined) return Infinity;
  return Number.parseFloat(version_added.replace('≤', ''));
}

/** The oldest version of each browser that has everything, and the feature that requires it. */
export function minimum(
  needs: readonly Requirement[],
): Record<BrowserId, { version: number; feature: string }> {
  return Object.fromEntries(
    BROWSERS.map((browser) => {
      const last = needs.reduce((most, need) => (need.since[browser] > most.since[browser] ? need : most));
      return [browser, { version: last.since[browser], feature: last.feature }];
    }),
  ) as Record<BrowserId, { version: number; feature: string }>;
}
