import { expect, test } from 'vitest';
import { openScripted, run } from './playground_page.ts';
import type { Page } from 'playwright-core';

const viewOf = (page: Page) => page.locator('nav[aria-label="Views"] [aria-current="page"]').textContent();

test('Back and Forward go through the views and keep the settings; a link typed by hand stays a step of its own', async () => {
  const { page, errors, close } = await openScripted();
  const go = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).first().click();
  await page.locator('#prompt').fill('Before');
  await go('Compare');
  await page.waitForFunction(() => location.hash.includes('view=compare'));
  await go('Tokens');
  await page.locator('#prompt').waitFor({ state: 'detached' });
  await page.goBack();
  await expect.poll(() => viewOf(page)).toBe('Compare');
  await page.locator('#prompt').fill('After');
  await page.goBack();
  await expect.poll(() => viewOf(page)).toBe('Playground');
  expect(await page.locator('#prompt').inputValue()).toBe('After');
  await page.waitForFunction(() => location.hash.includes('prompt=After'));
  await page.goForward();
  await expect.poll(() => viewOf(page)).toBe('Compare');

  await page.evaluate(() => (location.hash = '#v=1&prompt=Typed&t=0.3'));
  await expect.poll(() => page.locator('#prompt').inputValue()).toBe('Typed');
  expect(await viewOf(page)).toBe('Playground');
  await go('Machine');
  await page.goBack();
  await expect.poll(() => viewOf(page)).toBe('Playground');
  expect(await page.locator('#prompt').inputValue()).toBe('Typed');
  await page.goBack();
  await expect.poll(() => page.locator('#prompt').inputValue()).toBe('After');
  expect(await viewOf(page)).toBe('Compare');
  expect(errors).toEqual([]);
  await close();
});

test('a term explains itself on hover, on focus and after a tap, and Escape closes the bubble', async () => {
  const { page, errors, close } = await openScripted({ hasTouch: true });
  await run(page);
  const bubble = page.getByRole('tooltip');
  const kept = page.locator('dt', { hasText: 'kept' }).locator('.term');
  await kept.hover();
  await bubble.getByText('How many candidates the chain leaves').waitFor();
  await bubble.hover();
  await page.waitForTimeout(300);
  expect(await bubble.isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await bubble.waitFor({ state: 'hidden' });
  // Escape only closed the bubble.
  await page.locator('#prompt').focus();

  await page.locator('dt', { hasText: 'rank' }).locator('.term').focus();
  await page.keyboard.press('Tab');
  await bubble.getByText('How undecided the distribution is').waitFor();
  expect(await page.locator(':focus').getAttribute('aria-describedby')).toBe(await bubble.getAttribute('id'));
  await page.keyboard.press('Tab');
  await bubble.getByText('How many candidates').waitFor();

  await page.locator('dt', { hasText: 'logprob' }).locator('.term').tap();
  await bubble.getByText('natural logarithm').waitFor();
  await page.locator('h2', { hasText: 'Timeline' }).tap();
  await bubble.waitFor({ state: 'hidden' });

  // A stage's name opens the stage; what it means shows beforehand.
  await page.getByRole('button', { name: 'Top-p', exact: true }).hover();
  await bubble.getByText(/nucleus|probab/i).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('skip links lead past the bar to each part of the page', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  const hash = await page.evaluate(() => location.hash);
  // As if the page had just been opened: the next Tab begins at its top.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
  });
  await page.keyboard.press('Tab');
  expect(await page.locator(':focus').textContent()).toBe('Skip to text');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.locator(':focus').getAttribute('id')).toBe('inspector-title');
  await page.keyboard.press('Tab');
  expect(await page.locator('section[aria-labelledby="inspector-title"] :focus').count()).toBe(1);
  expect(await page.evaluate(() => location.hash)).toBe(hash);
  expect(errors).toEqual([]);
  await close();
});

test('a list is one tab stop, and arrow keys go through it', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  await page.getByRole('tab', { name: 'Table' }).click();
  const rows = page.locator('tbody button');
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  expect(await rows.nth(2).evaluate((row) => row === document.activeElement)).toBe(true);
  await page.keyboard.press('Tab');
  expect(await page.locator('tbody :focus').count()).toBe(0);
  await page.keyboard.press('Shift+Tab');
  expect(await rows.nth(2).evaluate((row) => row === document.activeElement)).toBe(true);
  // The next step has other rows, and still one stop.
  await page.getByRole('button', { name: 'Previous token' }).click();
  await expect.poll(() => page.locator('tbody button[tabindex="0"]').count()).toBe(1);

  await page.getByRole('button', { name: 'Playground', exact: true }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect.poll(() => viewOf(page)).toBe('Compare');
  expect(errors).toEqual([]);
  await close();
});

test('at 200 % zoom the page opens at its top, and nothing is wider than the window', async () => {
  const { page, errors, close } = await openScripted({
    viewport: { width: 720, height: 450 },
    deviceScaleFactor: 2,
  });
  expect(await page.evaluate(() => [scrollX, scrollY])).toEqual([0, 0]);
  await run(page);
  expect(await page.evaluate(() => [scrollX, scrollY])).toEqual([0, 0]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(errors).toEqual([]);
  await close();
});
