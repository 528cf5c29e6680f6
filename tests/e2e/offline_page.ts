import type { Page } from 'playwright-core';

/** Waits until everything is kept and the service worker serves the page. */
export async function keptOffline(page: Page): Promise<void> {
  await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistration())?.active, null, {
    timeout: 60_000,
  });
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 50));
  });
}
