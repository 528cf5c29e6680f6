import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openPage } from '../setup/browser.ts';

/** Runs the scripted engine, and waits until the text has ended. */
async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/ended/).first().waitFor();
}

async function outputOf(page: Page): Promise<string> {
  return page.locator('.text').innerText();
}

test('the address follows the settings without filling the history', async () => {
  const { page, errors, close } = await openPage('?engine=scripted');
  const entries = await page.evaluate(() => history.length);
  const prompt = page.getByRole('textbox', { name: 'Prompt', exact: true });
  await prompt.fill('A small boat, & more');
  await page.waitForFunction(() => location.hash.includes('prompt=A+small+boat,+%26+more'));
  await prompt.fill('Another');
  await page.waitForFunction(() => location.hash.includes('prompt=Another'));
  expect(await page.evaluate(() => history.length)).toBe(entries);
  expect(errors).toEqual([]);
  await close();
});

test('an address that is edited by hand is taken over', async () => {
  const { page, close } = await openPage('?engine=scripted#v=1&prompt=First&t=0.3&seed=9');
  const prompt = page.getByRole('textbox', { name: 'Prompt', exact: true });
  await expect.poll(() => prompt.inputValue()).toBe('First');
  await page.evaluate(() => (location.hash = '#v=1&prompt=Second&t=500'));
  await expect.poll(() => prompt.inputValue()).toBe('Second');
  await page.getByText('The link says t=500, but it is a number from 0 to 100').waitFor();
  await close();
});

test('texts and settings survive a reload', async () => {
  const { page, errors, close } = await openPage('?engine=scripted#v=1&prompt=The+dog&t=0.7&seed=5');
  await run(page);
  const text = await outputOf(page);
  await page.waitForTimeout(1500);
  await page.reload();
  await expect.poll(() => outputOf(page)).toBe(text);
  expect(await page.getByRole('textbox', { name: 'Prompt', exact: true }).inputValue()).toBe('The dog');
  expect(errors).toEqual([]);
  await close();
});
