import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openScripted } from './playground_page.ts';

/** The most tokens that a file may have. */
const MOST_TOKENS = 131_072;

/** Drops an answer of another program with this many tokens onto the page. */
async function importText(page: Page, tokens: number): Promise<void> {
  await page.evaluate((count) => {
    const words = ['␠once', ' upon', ' a', ' time', ' there', ' lived', ' three', ' bears.', '\n'];
    const content = Array.from({ length: count }, (_, index) => ({
      token: index === count - 1 ? ' the-end' : words[index % words.length]!,
      logprob: -1 - (index % 7) / 4,
      top_logprobs: [],
    }));
    const answer = { model: 'elsewhere', choices: [{ finish_reason: 'stop', logprobs: { content } }] };
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([JSON.stringify(answer)], 'answer.json', { type: 'application/json' }));
    document.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer }));
  }, tokens);
}

test('a text of 131,072 tokens renders only near the view, and every token can be reached and copied', async () => {
  const { page, errors, close } = await openScripted();
  await importText(page, MOST_TOKENS);
  const spans = page.locator('.text [data-p]');
  await spans.first().waitFor({ timeout: 60_000 });
  expect(await spans.count()).toBeLessThan(10_000);

  await page.locator('.text').focus();
  for (const [key, text] of [
    ['End', ' the-end'],
    ['Home', '␠once'],
  ] as const) {
    await page.keyboard.press(key);
    const chosen = page.locator('.text .on');
    await chosen.waitFor();
    await expect.poll(() => chosen.textContent()).toBe(text);
    expect(await chosen.evaluate((token) => token.getBoundingClientRect().top)).toBeLessThan(900);
  }
  expect(await spans.count()).toBeLessThan(10_000);

  const copied = await page.evaluate(() => {
    const text = document.querySelector('.text')!;
    getSelection()!.selectAllChildren(text);
    const clipboardData = new DataTransfer();
    text.dispatchEvent(new ClipboardEvent('copy', { bubbles: true, cancelable: true, clipboardData }));
    return clipboardData.getData('text/plain');
  });
  expect(copied.split(' bears.')).toHaveLength(Math.floor(MOST_TOKENS / 9) + 1);
  expect(copied.endsWith(' the-end')).toBe(true);
  expect(errors).toEqual([]);
  await close();
});

test('at 200 % zoom the page opens at its top, with its name, its navigation and the prompt in view', async () => {
  const { page, close } = await openScripted({ viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 });
  await page.goto(page.url().replace(/\?.*/, ''));
  await page.locator('.text .on').waitFor();
  await page.waitForTimeout(500);
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await close();
});
