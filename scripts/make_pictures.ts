/**
 * Makes the pictures of the README from the built page, light and dark: `npm run build`, then
 * `node scripts/run.mjs make_pictures`. They show the main views with the embedded model loaded.
 */
import { chromium, type Page } from 'playwright-core';
import { preview } from 'vite';
import { findChromium } from './setup/paths.ts';

const executablePath = findChromium();
if (executablePath === null)
  throw new Error('There is no Chromium on this machine; "npm run setup" installs one.');

const server = await preview({ logLevel: 'warn', preview: { port: 0, host: '127.0.0.1' } });
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'],
});

const tab = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).first().click();

/** By the picture's name: what a person does to see it, from the page's opening run. */
const pictures: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  page: async () => {},
  draw: (page) => page.getByRole('tab', { name: 'Draw' }).click(),
  compare: async (page) => {
    await tab(page, 'Compare');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('tok/s in one batch').waitFor({ timeout: 120_000 });
  },
  learn: (page) => tab(page, 'Learn'),
};

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [name, prepare] of Object.entries(pictures)) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    await page.goto(server.resolvedUrls!.local[0]!);
    await page
      .getByRole('button', { name: 'Run', exact: true, disabled: false })
      .waitFor({ timeout: 60_000 });
    // The charts show the model's own logits once it has replayed the opening run.
    await page.getByText('reproduced on this device').waitFor({ timeout: 60_000 });
    await prepare(page);
    await page.waitForTimeout(1000);
    const path = `docs/images/${name}_${colorScheme}.png`;
    await page.screenshot({ path });
    console.log(path);
    await page.close();
  }
}
await browser.close();
await server.close();
