/** The page in a real Chromium, whose GPU is SwiftShader: for tests/e2e. */
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { afterAll, inject } from 'vitest';
import { findChromium } from '../../scripts/setup/paths.ts';

const FLAGS = [
  // WebGPU over SwiftShader's Vulkan; on a machine with a GPU Chromium takes that.
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  // Root in a container has no sandbox, and a test browser has no business on the network.
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One for all the pages of a test file. */
let browser: Browser | undefined;

/** @throws Error when there is none on this machine */
async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error('no Chromium on this machine: run "npm run setup"');
  return chromium.launch({ executablePath, args: FLAGS });
}

// Runs after the last test of each file that imports this one.
afterAll(async () => {
  await browser?.close();
  browser = undefined;
});

export interface OpenPage {
  readonly page: Page;
  /** What the page threw or logged as an error so far. */
  readonly errors: readonly string[];
  /** Every request to another origin so far: the page makes none by itself. */
  readonly foreignRequests: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens the page in a fresh profile.
 * @param path what follows the page's URL, e.g. `#v=1&prompt=…`
 * @param setUp called before the page loads, e.g. to take `navigator.gpu` away
 */
export async function openPage(
  path = '',
  options: BrowserContextOptions & { setUp?: (page: Page) => Promise<void> } = {},
): Promise<OpenPage> {
  const { setUp, ...contextOptions } = options;
  browser ??= await launchBrowser();
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
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
