/**
 * `npm run setup`: installs what the tests need beyond npm's packages: Chromium for the browser tests (its SwiftShader is also one of
 * the two software GPUs), Mesa's llvmpipe as the other, and Firefox, which uses llvmpipe. On Debian and Ubuntu as root it installs
 * what is missing; elsewhere it says in one sentence what is missing and how to get it. It is quick if everything is there.
 */
import { openAdapter } from './setup/adapters.ts';
import {
  aptDistribution,
  installChromium,
  installFirefox,
  installHeadlessShell,
  installMesa,
  installPackages,
  updatePackageLists,
} from './setup/apt.ts';
import { findChromium, findFirefox, findHeadlessShell } from './setup/paths.ts';

interface Need {
  /** The tests run without it too. */
  readonly optional?: true;
  readonly what: string;
  readonly how: string;
  isThere(): Promise<boolean>;
  install(): void;
}

const distribution = aptDistribution();

const needs: readonly Need[] = [
  {
    what: 'Chromium or Chrome (for the browser tests)',
    how: 'run "npx playwright-core install --with-deps chromium", or set LOGITSCOPE_CHROMIUM to its path',
    isThere: async () => findChromium() !== null,
    install: () => distribution && installChromium(distribution),
  },
  {
    what: 'Chromium’s headless shell (browser tests are faster in it)',
    how: 'the tests use Chromium itself',
    optional: true,
    isThere: async () => distribution?.id !== 'debian' || findHeadlessShell() !== null,
    install: () => distribution && installHeadlessShell(distribution),
  },
  {
    what: 'a WebGPU adapter for Node (a GPU, or SwiftShader through the Vulkan loader)',
    how: 'install the Vulkan loader (libvulkan1 on Debian and Ubuntu) beside Chromium',
    isThere: async () =>
      (await openAdapter('swiftshader')) !== null || (await openAdapter('hardware')) !== null,
    install: () => installPackages(['libvulkan1']),
  },
  {
    what: "Mesa's llvmpipe, 24 or later (the quick software GPU)",
    how: 'install mesa-vulkan-drivers, on Debian 12 from bookworm-backports',
    isThere: async () => process.platform !== 'linux' || (await openAdapter('llvmpipe')) !== null,
    install: () => distribution && installMesa(distribution),
  },
  {
    what: 'Firefox 141 or later (for the browser tests)',
    how: 'install it from mozilla.org, and set LOGITSCOPE_FIREFOX to its path',
    isThere: async () => findFirefox() !== null,
    install: () => distribution && installFirefox(distribution),
  },
];

let updated = false;

function install(need: Need): string {
  if (distribution === null) return 'this command installs it itself as root on Debian and Ubuntu';
  console.log(`setup: installing ${need.what}`);
  try {
    if (!updated) updatePackageLists();
    updated = true;
    need.install();
    return 'its package is installed, but does not work here';
  } catch (error) {
    return (error as Error).message;
  }
}

for (const need of needs) {
  if (await need.isThere()) continue;
  const reason = install(need);
  if (await need.isThere()) continue;
  console.error(`setup: missing ${need.what}: ${need.how} (${reason}).`);
  if (!need.optional) process.exitCode = 1;
}
if (process.exitCode === undefined) console.log('setup: everything is there');
