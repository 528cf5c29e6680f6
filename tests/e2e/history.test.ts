import { expect, test } from 'vitest';
import { desktop, openScripted, run } from './playground_page.ts';
import { openRunFile, outputOf, savedFile } from './share_page.ts';
import { openPage } from '../setup/browser.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';

test('texts and settings survive a reload', { tags: ['flow'] }, async () => {
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

test('a reload during a run keeps the text so far, with its settings', async () => {
  const { page, errors, close } = await openScripted({}, 40);
  await page.locator('#prompt').fill('The long night');
  await page.getByText(/\d+\s+tokens?\s+of/).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await expect.poll(async () => (await page.locator('[data-p]').all()).length).toBeGreaterThan(60);
  const before = await outputOf(page);
  await page.reload();
  // A streaming text is saved from time to time, so its beginning is there, but hardly ever its last words.
  await expect.poll(async () => (await outputOf(page)).slice(0, 30)).toBe(before.slice(0, 30));
  expect(await page.locator('#prompt').inputValue()).toBe('The long night');
  // The text can be continued from there.
  await page.getByRole('button', { name: 'Continue', exact: true, disabled: false }).click();
  await expect.poll(async () => (await outputOf(page)).length).toBeGreaterThan(before.length);
  expect(errors).toEqual([]);
  await close();
});

test('a tab that crashes during a run leaves its text in the history', async () => {
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

test(
  'the history can search, rename, pin, delete and undo, and two tabs keep their own entries',
  { tags: ['flow'] },
  async () => {
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
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => dialog.getByRole('listitem').count()).toBe(2);
    expect(await dialog.getByRole('button', { name: 'Pin Renamed' }).getAttribute('aria-pressed')).toBe(
      'true',
    );

    // The page shows a text that it already has, and does not open it twice.
    await page.keyboard.press('Escape');
    const texts = page.getByRole('navigation', { name: 'Texts and branches' }).getByRole('button');
    const before = await texts.count();
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('button', { name: 'History' }).click();
    await dialog.getByRole('button', { name: /^Renamed/ }).click();
    await expect.poll(() => outputOf(page)).toContain('The first tab');
    expect(await texts.count()).toBe(before);
    await page.waitForFunction(() => !location.hash.includes('view='));

    // Both tabs reload to their own text.
    await Promise.all([page.reload(), second.reload()]);
    await expect.poll(() => outputOf(page)).toContain('The first tab');
    await expect.poll(() => outputOf(second)).toContain('The second tab');
    expect(errors).toEqual([]);
    await close();
  },
);

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
])('with %s the page says that nothing is kept, and goes on', async (_, breakStorage) => {
  const { page, errors, close } = await openPage('?engine=scripted', {
    setUp: (opening) => opening.addInitScript(breakStorage),
  });
  await run(page);
  await page.getByText(/This browser keeps nothing for the page/).waitFor();
  expect((await outputOf(page)).length).toBeGreaterThan(20);
  expect(errors).toEqual([]);
  await close();
});

test('storage that is deleted while the page is open is created again with the next run', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  await page.waitForTimeout(1500);
  const outcome = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const request = indexedDB.deleteDatabase('logitscope');
        request.onsuccess = () => resolve('deleted');
        request.onblocked = () => resolve('blocked');
        request.onerror = () => resolve('refused');
      }),
  );
  expect(outcome).toBe('deleted');
  await page.locator('#prompt').fill('The second one');
  await run(page);
  await page.waitForTimeout(2000);
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('button', { name: /^The second one/ }).waitFor();
  expect(await page.getByText(/This browser keeps nothing/).count()).toBe(0);
  expect(errors).toEqual([]);
  await close();
});

test('a text that was continued with other knobs keeps the parameters of each part, and each part is reproduced', async () => {
  const { page, errors, close } = await openPage('?engine=scripted#v=1&prompt=The+dog&t=0.3&max_tokens=8', {
    viewport: desktop,
  });
  await run(page);
  await page.getByLabel('Temperature, exact').fill('1.7');
  await page.getByLabel('Seed', { exact: true }).fill('77');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  await expect.poll(async () => (await page.locator('[data-p]').all()).length).toBeGreaterThan(16);
  const { bytes } = await savedFile(page, 'JSON');
  const { lines: texts } = JSON.parse(bytes.toString()) as RunDocument;
  const { drawn, promptLength, params } = texts[0]!;
  expect(
    drawn.map(({ from, params: { temperature, seed } }) => [from - promptLength, temperature, seed]),
  ).toEqual([
    [0, 0.3, 42],
    [8, 1.7, 77],
  ]);
  expect(params.temperature).toBe(1.7);
  const csv = (await savedFile(page, 'CSV')).bytes.toString().split('\r\n');
  const column = csv[0]!.split(',').indexOf('temperature');
  expect(new Set(csv.slice(1, -1).map((row) => row.split(',').at(column)))).toEqual(
    new Set(['', '0.3', '1.7']),
  );
  await close();

  const reader = await openPage('?engine=scripted', { viewport: desktop });
  await openRunFile(reader.page, 'run.logitscope.json', bytes);
  await reader.page.getByRole('button', { name: 'Replay', disabled: false }).click();
  await reader.page.getByText(/Reproduced on this device token for token, 16 of them/).waitFor();
  expect(errors).toEqual([]);
  expect(reader.errors).toEqual([]);
  await reader.close();
});
