import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, finished, openScripted, phone, run, runAnew, shoot, tokens } from './playground_page.ts';

const palette = (page: Page) => page.getByRole('dialog', { name: 'Actions' });
const field = (page: Page) => page.getByRole('combobox', { name: 'Find an action' });
const options = (page: Page) => page.getByRole('listbox', { name: 'Actions' }).getByRole('option');
const colour = (page: Page) => page.getByRole('combobox', { name: 'Colour', exact: true });

/** Opens the palette by its key, and types. */
async function find(page: Page, query: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await field(page).waitFor();
  await page.keyboard.type(query);
}

/** What a screen reader is told to be on. */
async function active(page: Page): Promise<string> {
  const id = await field(page).getAttribute('aria-activedescendant');
  return (await page.locator(`[id="${id}"] .what`).textContent())!.trim();
}

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.id || document.activeElement?.ariaLabel || '');
}

test(
  'Ctrl-K in a field opens the palette, Enter does what was found, and the focus returns',
  { tags: ['flow'] },
  async () => {
    const { page, errors, close } = await openScripted();
    await page.locator('#prompt').focus();
    await find(page, 'rank colour');
    expect(await options(page).count()).toBe(1);
    expect(await active(page)).toBe('Colour by rank');
    await page.keyboard.press('Enter');
    await palette(page).waitFor({ state: 'hidden' });
    expect(await colour(page).inputValue()).toBe('rank');
    expect(await focused(page)).toBe('prompt');
    expect(await page.locator('#prompt').inputValue()).toBe('Once upon a time');
    await find(page, 'colour none');
    await page.keyboard.press('Escape');
    await palette(page).waitFor({ state: 'hidden' });
    expect(await colour(page).inputValue()).toBe('rank');
    expect(await focused(page)).toBe('prompt');
    // The same key closes it.
    await find(page, 'x');
    await page.keyboard.press('Control+k');
    await palette(page).waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('prompt');
    expect(errors).toEqual([]);
    await close();
  },
);

test('arrows, Home and End move along the list; Enter without an answer does nothing', async () => {
  const { page, close } = await openScripted();
  await find(page, '');
  expect(await active(page)).toMatch(/^Run/);
  await page.keyboard.press('ArrowUp');
  expect(await active(page)).toBe('Theme: as the system has it');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await active(page)).toMatch(/^Stop/);
  await page.keyboard.press('End');
  expect(await active(page)).toBe('Theme: as the system has it');
  await page.keyboard.press('Home');
  expect(await active(page)).toMatch(/^Run/);
  await page.keyboard.type('zebra');
  await palette(page).getByText('No action has these words.').waitFor();
  for (const key of ['ArrowDown', 'ArrowUp', 'End', 'Enter']) await page.keyboard.press(key);
  expect(await palette(page).isVisible()).toBe(true);
  expect(await field(page).getAttribute('aria-activedescendant')).toBeNull();
  await close();
});

test('an action that cannot be done says why, and what Enter does is decided at Enter', async () => {
  const { page, errors, close } = await openScripted({}, 20);
  await page.getByLabel('Maximum of tokens').fill('40');
  await find(page, 'stop');
  const stop = options(page).first();
  expect(await stop.getAttribute('aria-disabled')).toBe('true');
  expect(await stop.textContent()).toContain('No run is in progress.');
  await page.keyboard.press('Enter');
  expect(await palette(page).isVisible()).toBe(true);
  // Ctrl-Enter runs, as anywhere; the list hears of it, and of the end.
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => stop.getAttribute('aria-disabled')).toBe('false');
  await expect.poll(() => stop.getAttribute('aria-disabled')).toBe('true');
  await page.keyboard.press('Enter');
  expect(await palette(page).isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await finished(page);
  const before = (await tokens(page)).length;
  await find(page, 'step');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await tokens(page)).length).toBe(before + 1);
  await page.getByLabel('Maximum of tokens').fill('400');
  await find(page, 'run');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  await find(page, 'stop');
  await page.keyboard.press('Enter');
  await page.locator('.end').getByText('stopped').waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('one dialog at a time: the palette takes the place of another, and opens others', async () => {
  const { page, errors, close } = await openScripted();
  const share = page.getByRole('button', { name: 'Share' });
  await share.click();
  await page.getByRole('dialog', { name: 'Share' }).waitFor();
  await find(page, 'history');
  expect(await page.getByRole('dialog').count()).toBe(1);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'History' }).waitFor();
  expect(await page.getByRole('dialog').count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  expect(await share.evaluate((button) => button === document.activeElement)).toBe(true);
  await find(page, 'to the prompt');
  await page.keyboard.press('Enter');
  await expect.poll(() => focused(page)).toBe('prompt');
  await find(page, 'copy link');
  await page.keyboard.press('Enter');
  await page.getByText('The link is in the clipboard.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^http.*#v=/);
  await find(page, 'save json');
  expect(await options(page).first().textContent()).toContain('There is no text yet');
  await page.keyboard.press('Escape');
  await run(page);
  // Asked for early: Playwright catches choosers only some time after it was asked to.
  const choosing = page.waitForEvent('filechooser');
  await find(page, 'open gguf');
  await page.keyboard.press('Enter');
  const chooser = await choosing;
  expect(await chooser.element().getAttribute('aria-label')).toBe('A GGUF file from your disk');
  await find(page, 'save csv');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  expect(download.suggestedFilename()).toMatch(/^once-upon-a-time.*\.csv$/);
  expect(errors).toEqual([]);
  await close();
});

test('what is typed before the palette or a view has arrived goes astray nowhere', async () => {
  let arrive = (): void => undefined;
  const held = new Promise<void>((resolve) => (arrive = resolve));
  const { page, errors, close } = await openScripted({
    setUp: (opening) =>
      opening.route(/assets\/(ActionPalette|CompareView)-.*\.js$/, async (route) => {
        await held;
        await route.continue();
      }),
  });
  await page.getByRole('button', { name: 'Find an action' }).click();
  await page.keyboard.type('cw2');
  expect(await colour(page).inputValue()).toBe('probability');
  await page.keyboard.press('Escape');
  await page.keyboard.press('2');
  await page.keyboard.press('Control+k');
  arrive();
  await field(page).waitFor();
  await page.keyboard.type('playground');
  await page.keyboard.press('Enter');
  await page.locator('#prompt').waitFor();
  expect(await page.getByRole('button', { name: 'Playground' }).getAttribute('aria-current')).toBe('page');
  expect(errors).toEqual([]);
  await close();
});

test.each([
  ['light', desktop],
  ['dark', desktop],
  ['light', phone],
  ['dark', phone],
] as const)('axe finds no fault with the palette and the keys, %s at %o', async (colorScheme, viewport) => {
  const { page, close } = await openScripted({ colorScheme, viewport });
  const faults = async (): Promise<string[]> => {
    // What lies behind the dialog is out of reach; playground_odd.test.ts checks it.
    const { violations } = await new AxeBuilder({ page }).include('[role=dialog]').analyze();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
  };
  await runAnew(page);
  await page.getByRole('button', { name: 'Find an action' }).click();
  await field(page).waitFor();
  await shoot(page, `actions_${colorScheme}_${viewport.width}`);
  expect(await faults()).toEqual([]);
  await page.keyboard.type('run');
  await shoot(page, `actions_found_${colorScheme}_${viewport.width}`);
  expect(await faults()).toEqual([]);
  await field(page).fill('theme');
  await options(page).filter({ hasText: 'Theme: dark' }).click();
  await palette(page).waitFor({ state: 'hidden' });
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await shoot(page, `shortcuts_${colorScheme}_${viewport.width}`);
  expect(await faults()).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await close();
});
