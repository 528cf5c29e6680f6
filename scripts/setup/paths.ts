/**
 * Where this machine keeps a browser and the Vulkan drivers that play a GPU in software.
 * `LOGITSCOPE_CHROMIUM` names another browser; `LOGITSCOPE_SWIFTSHADER` another driver file.
 */
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

/** Debian's `/usr/bin/chromium` is a shell script; the browser's own files lie here. */
const BROWSER_FOLDERS = ['/usr/lib/chromium', '/opt/google/chrome'];

/** The file that tells the Vulkan loader of SwiftShader; Chromium brings it along. */
const SWIFTSHADER_FILE = 'vk_swiftshader_icd.json';

/** @returns path of a Chromium or Chrome, or null; the one that playwright-core installed comes last */
export function findChromium(): string | null {
  const named = process.env['LOGITSCOPE_CHROMIUM'];
  const candidates = named === undefined ? [...BROWSERS, chromium.executablePath()] : [named];
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** @returns path of SwiftShader's Vulkan driver file, or null */
export function findSwiftShader(): string | null {
  const named = process.env['LOGITSCOPE_SWIFTSHADER'];
  if (named !== undefined) return existsSync(named) ? named : null;
  const browser = findChromium();
  const folders = browser === null ? BROWSER_FOLDERS : [dirname(realpathSync(browser)), ...BROWSER_FOLDERS];
  return folders.map((folder) => join(folder, SWIFTSHADER_FILE)).find((path) => existsSync(path)) ?? null;
}
