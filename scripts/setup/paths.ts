/**
 * Paths of this machine's browsers and of the Vulkan drivers that emulate a GPU. `LOGITSCOPE_CHROMIUM` and `LOGITSCOPE_FIREFOX` name
 * another browser; `LOGITSCOPE_SWIFTSHADER` names another driver file.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';

const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const FIREFOXES = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];

/** The first version with WebGPU. */
const OLDEST_FIREFOX = 141;

/** Debian's `/usr/bin/chromium` is a shell script; the browser's own files are here. */
const BROWSER_FOLDERS = ['/usr/lib/chromium', '/opt/google/chrome'];

/** Chromium without its window: the same page, and tests take about two thirds of the time. */
const HEADLESS_SHELL = 'chromium-headless-shell';

/** The file that describes SwiftShader to the Vulkan loader; Chromium includes it. */
const SWIFTSHADER_FILE = 'vk_swiftshader_icd.json';

/** @returns path of a Chromium or Chrome, or null; the one that playwright-core installed comes last */
export function findChromium(): string | null {
  const named = process.env['LOGITSCOPE_CHROMIUM'];
  const candidates = named === undefined ? [...BROWSERS, chromium.executablePath()] : [named];
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** @returns path of Chromium's headless shell, or null; null too if the environment names a browser */
export function findHeadlessShell(): string | null {
  if (process.env['LOGITSCOPE_CHROMIUM'] !== undefined) return null;
  const paths = BROWSER_FOLDERS.map((folder) => join(folder, HEADLESS_SHELL));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** @returns path of a Firefox that is new enough, or null */
export function findFirefox(): string | null {
  const named = process.env['LOGITSCOPE_FIREFOX'];
  const candidates = (named === undefined ? FIREFOXES : [named]).filter((path) => existsSync(path));
  return candidates.find((path) => firefoxVersion(path) >= OLDEST_FIREFOX) ?? null;
}

/** @returns 0 for a program that is not Firefox, such as Ubuntu's `firefox`, a pointer to a snap */
function firefoxVersion(path: string): number {
  const asked = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return Number(/Firefox (\d+)/.exec(asked.stdout)?.[1] ?? 0);
}

/** @returns path of SwiftShader's Vulkan driver file, or null */
export function findSwiftShader(): string | null {
  const named = process.env['LOGITSCOPE_SWIFTSHADER'];
  if (named !== undefined) return existsSync(named) ? named : null;
  const browser = findChromium();
  const folders = browser === null ? BROWSER_FOLDERS : [dirname(realpathSync(browser)), ...BROWSER_FOLDERS];
  return folders.map((folder) => join(folder, SWIFTSHADER_FILE)).find((path) => existsSync(path)) ?? null;
}
