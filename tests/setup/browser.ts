/** The page in a real browser, for tests/e2e: in Chromium, whose GPU is SwiftShader, or in Firefox, whose GPU is llvmpipe. */
import { type Browser, type BrowserContextOptions, type Page, chromium, firefox } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import { findChromium } from '../../scripts/setup/paths.ts';
import { failOnNotices } from './error_notices.ts';
import { launchFirefox } from './firefox.ts';

export type BrowserName = 'chromium' | 'firefox';

declare module 'vitest' {
  interface ProvidedContext {
    /** What `openPage` opens where a test names none: vitest.config.ts sets it for each project. */
    browser: BrowserName;
  }
}

/** WebGPU over SwiftShader's Vulkan; on a machine with a GPU Chromium takes that. */
const WEBGPU_FLAGS = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

// Root in a container has no sandbox, and a test browser has no business on the network.
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One of each kind that was asked for, for all the pages of a test file. */
const browsers = new Map<string, Promise<Browser>>();

function browserWith(name: BrowserName, webgpu: boolean): Promise<Browser> {
  const kind = `${name} ${webgpu}`;
  const running = browsers.get(kind);
  if (running) return running;
  const launched = name === 'firefox' ? openFirefox(webgpu) : launchChromium(webgpu);
  browsers.set(kind, launched);
  return launched;
}

/** The one that runs for the whole project, where there is one; closing that only ends the connection. */
async function openFirefox(webgpu: boolean): Promise<Browser> {
  const address = inject('firefoxAddress');
  return webgpu && address !== undefined ? firefox.connect(address) : launchFirefox(webgpu);
}

/** @throws Error when there is none on this machine */
async function launchChromium(webgpu: boolean): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine: run "npm run setup"');
  return chromium.launch({ executablePath, args: webgpu ? [...FLAGS, ...WEBGPU_FLAGS] : FLAGS });
}

// Runs after the last test of each file that imports this one.
afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close();
  browsers.clear();
});

/** Playwright's own style for a screenshot, which the page's policy rightly keeps out: Firefox tells of it as an error. */
const SCREENSHOT_STYLE = /blocked an inline style \(style-src-elem\)/;

export interface OpenPage {
  readonly page: Page;
  /** What the page threw or logged as an error so far. */
  readonly errors: readonly string[];
  /** Every request to another origin so far: the page makes none by itself. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

export interface OpenPageOptions extends BrowserContextOptions {
  /** Default: the project's own. */
  readonly browser?: BrowserName;
  /** False: a browser whose `navigator.gpu` has no adapter, as on a machine without a GPU. Default true. */
  readonly webgpu?: boolean;
  /** The error notices that the test provokes. Any other ends it at once, whatever it waits for. */
  readonly errorNotices?: RegExp;
  /** Called before the page loads. */
  readonly setUp?: (page: Page) => Promise<unknown>;
}

/**
 * Opens the page in a fresh profile.
 * @param path what follows the page's URL, e.g. `#v=1&prompt=…`
 */
export async function openPage(path = '', options: OpenPageOptions = {}): Promise<OpenPage> {
  const { browser = inject('browser'), webgpu = true, errorNotices, setUp, ...contextOptions } = options;
  const running = await browserWith(browser, webgpu);
  const context = await running.newContext({
    viewport: { width: 1280, height: 800 },
    // Each page comes from the server, as it is now; tests/e2e/offline.test.ts asks for the other.
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
