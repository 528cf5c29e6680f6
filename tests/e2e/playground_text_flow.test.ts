import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openScripted, run } from './playground_page.ts';

/** The boxes of each token's lines; the second list is as if chunks were not blocks. */
async function places(page: Page): Promise<{ blocks: number[][]; inline: number[][]; chunks: number }> {
  return page.evaluate(() => {
    const text = document.querySelector<HTMLElement>('.text')!;
    const chunks = [...text.querySelectorAll<HTMLElement>('.chunk')];
    const read = (): number[][] => {
      const origin = text.getBoundingClientRect();
      return [...text.querySelectorAll('[data-p]')].map((token) =>
        [...token.getClientRects()].flatMap((box) => [
          Math.round(box.left - origin.left),
          Math.round(box.top - origin.top),
          Math.round(box.width),
        ]),
      );
    };
    text.scrollTop = 0;
    const blocks = read();
    const kept = chunks.map(({ style }) => style.cssText);
    for (const { style } of chunks) style.cssText = 'display: inline; margin: 0; text-indent: 0';
    const inline = read();
    chunks.forEach(({ style }, index) => (style.cssText = kept[index]!));
    return { blocks, inline, chunks: chunks.length };
  });
}

test('a text in chunks is laid out exactly as in one piece, also after a resize and with visible spaces', async () => {
  const { page, close } = await openScripted();
  await page.getByRole('button', { name: 'Logit bias', exact: true }).click();
  for (const [index, ender] of ['<eos>', '<|end|>'].entries()) {
    await page.getByRole('combobox', { name: 'Token to bias' }).fill(ender);
    await page.getByRole('listbox').getByRole('option').first().click();
    await page.getByRole('button', { name: 'Ban' }).nth(index).click();
  }
  await page.getByLabel('Maximum of tokens').fill('400');
  await run(page);
  for (const change of [
    () => Promise.resolve(),
    () => page.setViewportSize({ width: 1260, height: 900 }),
    () => page.getByLabel('Show spaces, line ends, and partial bytes').click(),
    () => page.setViewportSize({ width: 390, height: 844 }),
  ]) {
    await change();
    await page.waitForTimeout(400);
    const { blocks, inline, chunks } = await places(page);
    expect(chunks).toBeGreaterThan(4);
    expect(blocks).toEqual(inline);
  }
  await close();
});
