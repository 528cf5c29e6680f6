/** Helpers of the browser tests of links, files and the history. */
import { buffer } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { desktop } from './playground_page.ts';
import { openPage, type OpenPage } from '../setup/browser.ts';

/** Opens the page without a model or an engine, so that it shows only what a link or a file gave it. */
export function openWithoutModel(fragment: string, errorNotices?: RegExp): Promise<OpenPage> {
  return openPage(fragment, { viewport: desktop, ...(errorNotices ? { errorNotices } : {}) });
}

export async function outputOf(page: Page): Promise<string> {
  return page.locator('.text').innerText();
}

/** The link that the Share dialog offers. */
export async function shareLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Share' }).click();
  const link = page.getByRole('textbox', { name: 'Link' });
  await page.getByText(/candidates of (each step|the \d+ steps)/).waitFor();
  const url = await link.inputValue();
  await page.keyboard.press('Escape');
  return url;
}

/** Presses a button of the Share dialog, and reads the file that it saves. */
export async function savedFile(page: Page, button: string): Promise<{ name: string; bytes: Buffer }> {
  const dialog = page.getByRole('dialog', { name: 'Share' });
  if (!(await dialog.isVisible())) await page.getByRole('button', { name: 'Share' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: button, exact: true }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await buffer(await download.createReadStream()) };
}

/** Opens a file with the History dialog's button. */
export async function openRunFile(page: Page, name: string, content: string | Buffer): Promise<void> {
  await page.getByRole('button', { name: 'History' }).click();
  await page
    .getByLabel('A run from a file')
    .setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) });
}

/** Width and height in a PNG's header. */
export function pngSize(bytes: Buffer): [number, number] {
  if (bytes.toString('latin1', 1, 4) !== 'PNG') throw new Error('This is no PNG.');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}
