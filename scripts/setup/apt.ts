/**
 * Installs packages on Debian and Ubuntu. Mesa's software driver must be newer than Debian 12's own, so it may come from the backports
 * suite. For that we use a package list of our own in a temporary folder, which leaves the machine's lists alone.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Older versions of llvmpipe lack what Dawn requires of a Vulkan driver. */
const OLDEST_MESA = 24;

const MESA = 'mesa-vulkan-drivers';

export interface Distribution {
  readonly id: string;
  readonly codename: string;
}

/** @returns this machine's Debian or Ubuntu, or null if it is neither or apt cannot be used (not root) */
export function aptDistribution(): Distribution | null {
  if (!existsSync('/etc/os-release') || !existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0)
    return null;
  const text = readFileSync('/etc/os-release', 'utf8');
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(text)?.[1] ?? '';
  const id = field('ID');
  return id === 'debian' || id === 'ubuntu' ? { id, codename: field('VERSION_CODENAME') } : null;
}

/** @throws Error with the end of apt's own output */
function apt(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync('apt-get', ['-qq', ...args], { env, encoding: 'utf8' });
  if (run.status === 0) return;
  const output = `${run.stdout}${run.stderr}`.trim().split('\n').slice(-6).join('\n');
  throw new Error(`apt-get ${args.at(-1)} failed:\n${output}`);
}

/** @returns the version that apt would install, e.g. `25.0.7-2~bpo12+1`; empty if it knows none */
function candidate(name: string): string {
  const text = execFileSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  const version = /Candidate: (\S+)/.exec(text)?.[1] ?? '';
  return version === '(none)' ? '' : version;
}

/** Options that make apt read only the main and backports suites of this Debian. */
function backports(codename: string): string[] {
  const folder = join(tmpdir(), 'logitscope-apt');
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
  const suites = [codename, `${codename}-updates`, `${codename}-backports`];
  const list = join(folder, 'sources.list');
  writeFileSync(list, suites.map((suite) => `deb http://deb.debian.org/debian ${suite} main\n`).join(''));
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::Lists': `${folder}/lists`,
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

export function updatePackageLists(): void {
  apt(['update']);
}

/** @throws Error if apt fails */
export function installPackages(names: readonly string[]): void {
  apt(['install', '-y', '--no-install-recommends', ...names]);
}

/** Ubuntu's `chromium` is only a pointer to a snap, which needs a running snapd; there we install playwright's own build. */
export function installChromium({ id }: Distribution): void {
  if (id === 'debian') return installPackages(['chromium']);
  execFileSync('npx', ['playwright-core', 'install', '--with-deps', 'chromium'], { stdio: 'inherit' });
}

/** Only Debian has this package. @throws Error elsewhere, or if apt fails */
export function installHeadlessShell({ id }: Distribution): void {
  if (id !== 'debian') throw new Error('it has no such package');
  installPackages(['chromium-headless-shell']);
}

/** Ubuntu's `firefox` is also a pointer to a snap, and there is no substitute. @throws Error there, or if apt fails */
export function installFirefox({ id }: Distribution): void {
  if (id !== 'debian') throw new Error('its package here is a pointer to a snap');
  installPackages(['firefox-esr']);
}

/** Call `updatePackageLists` first. @throws Error if apt fails, or if neither the archive nor its backports have a new enough version */
export function installMesa({ id, codename }: Distribution): void {
  const version = candidate(MESA);
  if (Number.parseInt(version, 10) >= OLDEST_MESA) return installPackages([MESA]);
  if (id !== 'debian') throw new Error(`${MESA} is ${version} here, and ${OLDEST_MESA} or later is needed`);
  const options = backports(codename);
  apt([...options, 'update']);
  apt([...options, '-t', `${codename}-backports`, 'install', '-y', '--no-install-recommends', MESA]);
}
