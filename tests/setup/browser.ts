/** The page in a real Chromium, whose GPU is SwiftShader: for tests/e2e. */
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import { findChromium } from '../../scripts/setup/paths.ts';

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

/** One with WebGPU and one without, for all the pages of a test file. */
const browsers = new Map<boolean, Browser>();

/** @throws Error when there is none on this machine */
async function browserWith(webgpu: boolean): Promise<Browser> {
  const running = browsers.get(webgpu);
  if (running) return running;
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine: run "npm run setup"');
  const args = webgpu ? [...FLAGS, ...WEBGPU_FLAGS] : FLAGS;
  const browser = await chromium.launch({ executablePath, args });
  browsers.set(webgpu, browser);
  return browser;
}

// Runs after the last test of each file that imports this one.
afterAll(async () => {
  for (const browser of browsers.values()) await browser.close();
  browsers.clear();
});

export interface OpenPage {
  readonly page: Page;
  /** What the page threw or logged as an error so far. */
  readonly errors: readonly string[];
  /** Every request to another origin so far: the page makes none by itself. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

export interface OpenPageOptions extends BrowserContextOptions {
  /** False: a browser whose `navigator.gpu` has no adapter, as on a machine without a GPU. Default true. */
  readonly webgpu?: boolean;
  /** Called before the page loads. */
  readonly setUp?: (page: Page) => Promise<unknown>;
}

/**
 * Opens the page in a fresh profile.
 * @param path what follows the page's URL, e.g. `#v=1&prompt=…`
 */
export async function openPage(path = '', options: OpenPageOptions = {}): Promise<OpenPage> {
  const { webgpu = true, setUp, ...contextOptions } = options;
  const browser = await browserWith(webgpu);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    // Each page comes from the server, as it is now; tests/e2e/offline.test.ts asks for the other.
    serviceWorkers: 'block',
    ...contextOptions,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  const foreignRequests: string[] = [];
  const url = inject('pageUrl');
  page.on('pageerror', (error) => errors.push(error.message));
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
