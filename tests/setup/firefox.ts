/** Drives an unmodified Firefox with Playwright over WebDriver BiDi. It has wgpu and naga, where Chromium has Dawn and Tint. */
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserServer, firefox } from 'playwright-core';
import { findFirefox } from '../../scripts/setup/paths.ts';

export const HOW_TO_GET_FIREFOX =
  'no Firefox 141 or later on this machine: run "npm run setup", or set LOGITSCOPE_FIREFOX to its path';

/** WebGPU is off by default on Linux, and blocked for some drivers, among them the software ones. */
const WEBGPU = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
};

const NO_WEBGPU = { 'dom.webgpu.enabled': false };

const BIDI = fileURLToPath(new URL('firefox_bidi.mjs', import.meta.url));

/** Whether the tests in Firefox can run here. The stand-in program is a script, which Windows does not start. */
export const firefoxIsHere = process.platform !== 'win32' && findFirefox() !== null;

/**
 * Starts a headless Firefox with a temporary profile.
 * @param webgpu false removes `navigator.gpu`
 * @throws Error when this machine has no Firefox
 */
export async function launchFirefox(webgpu: boolean): Promise<Browser> {
  return firefox.launch(launchOptions(webgpu));
}

/**
 * Starts a Firefox with WebGPU that several processes may connect to, one after another.
 * @throws Error when this machine has no Firefox
 */
export async function serveFirefox(): Promise<BrowserServer> {
  return firefox.launchServer(launchOptions(true));
}

/** Its WebGPU uses a real GPU if there is one. */
function launchOptions(webgpu: boolean) {
  const program = findFirefox();
  if (program === null) throw new Error(HOW_TO_GET_FIREFOX);
  return {
    channel: 'moz-firefox',
    executablePath: BIDI,
    firefoxUserPrefs: webgpu ? WEBGPU : NO_WEBGPU,
    env: { ...process.env, LOGITSCOPE_FIREFOX_PROGRAM: program },
  };
}
