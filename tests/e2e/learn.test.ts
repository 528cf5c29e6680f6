/** Learn in a browser: every card opened, answered and left, without a model; the first visit's line; the presentation. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, phone, shoot } from './playground_page.ts';
import { openPage } from '../setup/browser.ts';
import { cards } from '../../src/playground/learn/cards/index.ts';

const bar = (page: Page) => page.getByRole('region', { name: 'Learn' });
const next = (page: Page) => bar(page).getByRole('button', { name: 'Next' });

/** The scripted engine computes none of the cards' numbers: what the page shows is recorded. */
const open = (query = '', options = {}) =>
  openPage(`?engine=scripted${query}`, { viewport: desktop, ...options });

async function faults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

/** Waits until the card's picture is drawn: a chart with ink, or the bars of the Tokens view. @returns milliseconds */
async function drawn(page: Page, started: number): Promise<number> {
  await page.waitForFunction(() => {
    const inked = (canvas: HTMLCanvasElement): boolean => {
      const { width, height } = canvas;
      const pixels = width && height ? canvas.getContext('2d')!.getImageData(0, 0, width, height).data : [];
      return pixels.some((value) => value !== 0);
    };
    const bars = [...document.querySelectorAll<HTMLElement>('.bar > i')];
    return (
      [...document.querySelectorAll('canvas')].some(inked) || bars.some(({ clientWidth }) => clientWidth > 0)
    );
  });
  return performance.now() - started;
}

test(
  'every card opens, shows its picture and its control, takes a prediction and is left',
  { tags: ['flow'] },
  async () => {
    const { page, errors, foreignRequests, close } = await open();
    await page.getByRole('button', { name: 'What is this? Two minutes.' }).click();
    await page.getByRole('link', { name: cards[0]!.title }).click();
    for (const [index, card] of cards.entries()) {
      const started = performance.now();
      if (index > 0) await next(page).click();
      await bar(page).getByRole('heading', { name: card.title }).waitFor();
      await page.locator('[data-lit]').waitFor();
      expect(await drawn(page, started), card.id).toBeLessThan(2000);
      expect(await page.getByText(card.answer).count(), card.id).toBe(0);
      await bar(page).getByRole('button', { name: card.choices[card.right]!, exact: true }).click();
      await bar(page).getByText('Right.').waitFor();
      expect(await bar(page).textContent()).toContain(card.answer);
      await page.locator('[data-lit]').waitFor();
    }
    expect(await next(page).isDisabled()).toBe(true);
    await bar(page).getByRole('button', { name: 'Close this card' }).click();
    // The page is where it was: on the list of cards, each of them answered.
    await expect.poll(() => page.getByText('answered', { exact: true }).count()).toBe(cards.length);
    expect(await page.locator('[data-lit]').count()).toBe(0);
    expect(new URL(page.url()).searchParams.has('learn')).toBe(false);
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);

test('a card is a link, works by keyboard alone, and a wrong prediction names the right one', async () => {
  const card = cards[0]!;
  const { page, errors, close } = await open(`&learn=${card.id}`);
  await bar(page).getByRole('heading', { name: card.title }).waitFor();
  const wrong = card.choices[card.right === 0 ? 1 : 0]!;
  // The focus is on the title, and the choices come next.
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement?.textContent?.trim())) === wrong) break;
  }
  await page.keyboard.press('Enter');
  await bar(page).getByText(`Not so: ${card.choices[card.right]}.`).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.closest('[data-lit]') !== null)).toBe(true);
  await page.reload();
  await bar(page).getByRole('heading', { name: card.title }).waitFor();
  await bar(page).getByRole('button', { name: 'Close this card' }).click();
  await bar(page).waitFor({ state: 'detached' });
  expect(errors).toEqual([]);
  await close();
});

test('the first visit offers Learn in one line, and never again once it is closed', async () => {
  const { page, close } = await open();
  const line = page.getByRole('button', { name: 'What is this? Two minutes.' });
  await line.waitFor();
  await page.getByRole('button', { name: 'Do not offer this again' }).click();
  await line.waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('#prompt').waitFor();
  expect(await line.count()).toBe(0);
  await close();
});

test('a presentation shows text, chart and card in large type, and has a way back', async () => {
  const { page, errors, close } = await open(`&learn=${cards[0]!.id}&present`);
  await bar(page).getByRole('heading', { name: cards[0]!.title }).waitFor();
  await page.locator('[data-p]').first().waitFor();
  expect(await page.locator('#prompt').isVisible()).toBe(false);
  const size = (): Promise<number> =>
    page.locator('.text').evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
  const large = await size();
  await drawn(page, 0);
  await shoot(page, 'present');
  expect(await faults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Back to the whole page' }).click();
  await page.locator('#prompt').waitFor();
  expect(large).toBeGreaterThan(1.3 * (await size()));
  expect(new URL(page.url()).search).not.toContain('present');
  expect(errors).toEqual([]);
  await close();
});

test.each([
  ['light', desktop],
  ['dark', phone],
] as const)('axe finds no fault with Learn and a card, %s at %o', async (colorScheme, viewport) => {
  const { page, close } = await open('', { colorScheme, viewport, reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'What is this? Two minutes.' }).waitFor();
  expect(await faults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Learn', exact: true }).click();
  await page.getByRole('link').first().waitFor();
  expect(await faults(page)).toEqual([]);
  await page.getByRole('link').nth(1).click();
  await bar(page).waitFor();
  await drawn(page, 0);
  await bar(page).getByRole('group').getByRole('button').first().click();
  await bar(page).getByRole('button', { name: 'Show me' }).waitFor();
  await shoot(page, `learn_${colorScheme}_${viewport.width}`);
  expect(await faults(page)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await close();
});
