import { expect, test } from 'vitest';
import { openScripted, run } from './playground_page.ts';
import { outputOf } from './share_page.ts';
import { openPage } from '../setup/browser.ts';

test('texts and settings survive a reload', async () => {
  const { page, errors, close } = await openPage('?engine=scripted#v=1&prompt=The+dog&t=0.7&seed=5');
  await run(page);
  const text = await outputOf(page);
  await page.waitForTimeout(1500);
  await page.reload();
  await expect.poll(() => outputOf(page)).toBe(text);
  expect(await page.locator('#prompt').inputValue()).toBe('The dog');
  expect(errors).toEqual([]);
  await close();
});

test('a tab that dies in mid-run leaves its text in the history', async () => {
  const { page, close } = await openScripted({}, 40);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForTimeout(2500);
  const url = page.url();
  const context = page.context();
  await page.close({ runBeforeUnload: false });
  const next = await context.newPage();
  await next.goto(url.replace(/#.*/, ''));
  await next.getByRole('button', { name: 'History' }).click();
  await next.getByRole('button', { name: /^Once upon a time/ }).click();
  await expect.poll(async () => (await outputOf(next)).length).toBeGreaterThan(30);
  await close();
});

test('the history: search, rename, pin, delete, undo; two tabs keep their own', async () => {
  const { page, errors, close } = await openScripted();
  await page.locator('#prompt').fill('The first tab');
  await run(page);
  const second = await page.context().newPage();
  await second.goto(page.url().replace(/#.*/, ''));
  await second.locator('#prompt').fill('The second tab');
  await run(second);
  await second.waitForTimeout(2000);
  await page.waitForTimeout(500);

  await page.getByRole('button', { name: 'History' }).click();
  const dialog = page.getByRole('dialog', { name: 'History' });
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(2);
  await dialog.getByRole('searchbox').fill('second');
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(1);
  await dialog.getByRole('searchbox').fill('');
  await dialog.getByRole('button', { name: /^Rename The first tab/ }).click();
  await dialog.getByLabel('Name of this run').fill('Renamed');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Pin Renamed' }).click();
  await expect.poll(() => dialog.getByRole('listitem').first().innerText()).toContain('Renamed');
  await dialog.getByRole('button', { name: 'Delete Renamed' }).click();
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: 'History' }).click();
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(2);
  expect(await dialog.getByRole('button', { name: 'Pin Renamed' }).getAttribute('aria-pressed')).toBe('true');

  // Both tabs reload to their own text.
  await Promise.all([page.reload(), second.reload()]);
  await expect.poll(() => outputOf(page)).toContain('The first tab');
  await expect.poll(() => outputOf(second)).toContain('The second tab');
  expect(errors).toEqual([]);
  await close();
});

test.each([
  [
    'a full disk',
    () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('The disk is full', 'QuotaExceededError');
      };
    },
  ],
  [
    'a browser that refuses',
    () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('Storage is off here', 'SecurityError');
      };
    },
  ],
])('%s: the page says that nothing is kept, and goes on', async (_, breakStorage) => {
  const { page, errors, close } = await openPage('?engine=scripted', {
    setUp: (opening) => opening.addInitScript(breakStorage),
  });
  await run(page);
  await page.getByText(/This browser keeps nothing for the page/).waitFor();
  expect((await outputOf(page)).length).toBeGreaterThan(20);
  expect(errors).toEqual([]);
  await close();
});
