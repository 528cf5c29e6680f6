/** Opens the page in a real browser for tests/e2e: in Chromium on SwiftShader, or in Firefox on llvmpipe. */
import { type Browser, type BrowserContextOptions, type Page, chromium, firefox } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import { findChromium, findHeadlessShell } from '../../scripts/setup/paths.ts';
import { failOnNotices } from './error_notices.ts';
import { launchFirefox } from './firefox.ts';

export type BrowserName = 'chromium' | 'firefox';

declare module 'vitest' {
  interface ProvidedContext {
    /** The browser that `openPage` opens by default; vitest.config.ts sets it for each project. */
    browser: BrowserName;
  }
}

/** WebGPU over SwiftShader's Vulkan; on a machine with a GPU Chromium takes that. */
const WEBGPU_FLAGS = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

// Root in a container has no sandbox, and a test browser needs no network.
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One browser of each kind, for all pages of a test file. */
const browsers = new Map<string, Promise<Browser>>();

function browserWith(name: BrowserName, webgpu: boolean): Promise<Browser> {
  const kind = `${name} ${webgpu}`;
  const running = browsers.get(kind);
  if (running) return running;
  const launched = name === 'firefox' ? openFirefox(webgpu) : launchChromium(webgpu);
  browsers.set(kind, launched);
  return launched;
}

/** Connects to the browser that runs for the whole project, if there is one. Closing it only ends the connection. */
async function openFirefox(webgpu: boolean): Promise<Browser> {
  const address = inject('firefoxAddress');
  return webgpu && address !== undefined ? firefox.connect(address) : launchFirefox(webgpu);
}

/** @throws Error when this machine has no such browser */
async function launchChromium(webgpu: boolean): Promise<Browser> {
  const executablePath = findHeadlessShell() ?? findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine: run "npm run setup"');
  return chromium.launch({ executablePath, args: webgpu ? [...FLAGS, ...WEBGPU_FLAGS] : FLAGS });
}

// Runs after the last test of each file that imports this one.
afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close();
  browsers.clear();
});

/** Firefox reports an error because the page's policy rightly blocks Playwright's own style for a screenshot. */
const SCREENSHOT_STYLE = /blocked an inline style \(style-src-elem\)/;

export interface OpenPage {
  readonly page: Page;
  /** The errors that the page has thrown or logged so far. */
  readonly errors: readonly string[];
  /** Every request to another origin so far. The page makes none by itself. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

export interface OpenPageOptions extends BrowserContextOptions {
  /** Default: the project's browser. */
  readonly browser?: BrowserName;
  /** False gives a browser whose `navigator.gpu` has no adapter, as on a machine without a GPU. Default: true. */
  readonly webgpu?: boolean;
  /** The error notices that the test provokes. Any other one ends the test at once. */
  readonly errorNotices?: RegExp;
  /** Called before the page loads. */
  readonly setUp?: (page: Page) => Promise<unknown>;
}

/**
 * Opens the page in a fresh profile.
 * @param path appended to the page's URL, e.g. `#v=1&prompt=…`
 */
export async function openPage(path = '', options: OpenPageOptions = {}): Promise<OpenPage> {
  const { browser = inject('browser'), webgpu = true, errorNotices, setUp, ...contextOptions } = options;
  const running = await browserWith(browser, webgpu);
  const context = await running.newContext({
    viewport: { width: 1280, height: 800 },
    // Each page comes from the server. Only tests/e2e/offline.test.ts tests kept copies.
    serviceWorkers: 'block',
    ...contextOptions,
  });
  await failOnNotices(context, errorNotices);
  const page = await context.newPage();
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  const url = inject('pageUrl');
  page.on('pageerror', ({ message }) => {
    if (browser !== 'firefox' || !SCREENSHOT_STYLE.test(message)) errors.push(message);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(url)) foreignRequests.push(request.url());
  });
  await setUp?.(page);
  await page.goto(url + path);
  return { page, errors, foreignRequests, close: () => context.close() };
}
