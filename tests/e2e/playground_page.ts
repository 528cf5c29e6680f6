/** Helpers of the playground's browser tests: they open it on the scripted engine, and act as a person does. */
import type { Page } from 'playwright-core';
import { type OpenPage, openPage, type OpenPageOptions } from '../setup/browser.ts';

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };

/** Opens the page on the scripted engine, ready to run. @param delay milliseconds per step */
export async function openScripted(options: OpenPageOptions = {}, delay = 0): Promise<OpenPage> {
  const opened = await openPage(`?engine=scripted&delay=${delay}`, {
    viewport: desktop,
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  await opened.page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  await opened.page.getByText(/\d+\s+tokens?\s+of/).waitFor();
  return opened;
}

export async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await finished(page);
}

/** Presses Run and waits for the end of the new text. A short run may end before a test sees it running. */
export async function runAnew(page: Page): Promise<void> {
  const ended = page.locator('.end');
  if (await ended.isVisible()) await ended.evaluate((element) => element.setAttribute('data-old', ''));
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('.end:not([data-old])').waitFor({ timeout: 60_000 });
  await finished(page);
}

/** Waits until the text has ended and the inspector shows its last step. */
export async function finished(page: Page): Promise<void> {
  await page.locator('.end').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
}

/** The tokens on the page, prompt first. */
export async function tokens(page: Page): Promise<string[]> {
  return page.locator('[data-p]').allTextContents();
}

/** Saves a screenshot as a test artefact, for a person to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/playground/${name}.png` });
}
