/**
 * The lock names the platform packages of macOS, Windows and Linux. npm leaves out a package that the registry does not have yet
 * when the lock is written, and then `npm run build` fails on the machines that need it.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));

const { packages } = read('package-lock.json') as { packages: Readonly<Record<string, Locked>> };

/** Where Node finds `name` from the package at `path`: beside it or further up; undefined if it is not locked. */
function lockedFrom(path: string, name: string): string | undefined {
  const folders = path.split('/node_modules/');
  for (let depth = path === '' ? 0 : folders.length; depth >= 0; depth--) {
    const base = folders.slice(0, depth).join('/node_modules/');
    const candidate = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (candidate in packages) return candidate;
  }
  return undefined;
}

test('every optional package of a locked package is locked, for every platform', () => {
  const missing = Object.entries(packages).flatMap(([path, { version, optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => lockedFrom(path, name) === undefined)
      .map((name) => `${path}@${version} wants ${name}`),
  );
  expect(missing).toEqual([]);
  const natives = Object.values(packages).filter(({ optionalDependencies }) => optionalDependencies);
  expect(natives.length).toBeGreaterThan(5);
});

test('the lock file belongs to this package.json, so that `npm ci` accepts it', () => {
  const own = read('package.json') as Locked;
  const root = packages['']!;
  expect(root.dependencies).toEqual(own.dependencies);
  expect(root.devDependencies).toEqual(own.devDependencies);
});
