import AxeBuilder from '@axe-core/playwright';
import { expect, test } from 'vitest';
import { desktop, openScripted, phone, run } from './playground_page.ts';

test('the draw shows a bar per stage that did something, its knob changes it, and arrow keys walk its parts', async () => {
  const { page, close } = await openScripted();
  await run(page);
  await page.locator('[data-p="8"]').click();
  await page.getByRole('tab', { name: 'Draw' }).click();
  const panel = page.locator('.draw');
  const stages = (): Promise<string[]> =>
    panel
      .locator('section header b')
      .allTextContents()
      .then((all) => all.map((name) => name.trim()));
  await expect.poll(stages).toEqual(['Raw', 'Top-k', 'Top-p', 'Min-p', 'Temperature']);
  await panel.getByText(/u = .* falls on/).waitFor();
  // The needle stands within the drawn token's part of the last bar.
  const last = panel.locator('.bar').last();
  const needle = (await last.locator('.needle').boundingBox())!;
  const drawn = (await last.locator('.chosen').boundingBox())!;
  expect(needle.x + 1).toBeGreaterThanOrEqual(drawn.x - 1);
  expect(needle.x).toBeLessThanOrEqual(drawn.x + drawn.width + 1);

  await panel.getByLabel('Top-k, exact').fill('2');
  await panel.getByRole('group', { name: /^After Top-k: 2 candidates/ }).waitFor();
  // A stage that no longer does anything has no bar. The one in use keeps its knob.
  await panel.getByLabel('Top-k, exact').fill('0');
  await panel.getByText('changes nothing here').waitFor();
  expect(await panel.getByRole('group', { name: /^After Top-k/ }).count()).toBe(0);
  await panel.getByRole('slider', { name: 'Top-k' }).press('ArrowRight');
  await panel.getByRole('group', { name: /^After Top-k: 1 candidate;/ }).waitFor();
  await panel.getByLabel('Top-k, exact').fill('40');
  // Safari gives a dragged slider no focus, so the pointer alone keeps a row.
  await panel.getByRole('slider', { name: 'Min-p' }).dispatchEvent('pointerdown');
  await page.getByLabel('Min-p, exact').first().fill('0');
  await expect.poll(() => panel.getByText('changes nothing here').count()).toBe(1);
  expect(await stages()).toContain('Min-p');

  await panel.locator('[data-part][tabindex="0"]').focus();
  expect(await panel.locator('[data-part][tabindex="0"]').count()).toBe(1);
  const first = await page.locator(':focus').getAttribute('aria-label');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => page.locator(':focus').getAttribute('aria-label')).not.toBe(first);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowDown');
  const name = first!.split(',')[0]!;
  await expect.poll(() => page.locator(':focus').getAttribute('aria-label')).toMatch(`${name},`);
  await panel.getByText(/Raw .* → Top-k/).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.picked').getByText(name).waitFor();

  await panel.locator('summary').click();
  await expect.poll(() => panel.locator('.sum').textContent()).toMatch(/sum\s*[\d.]+\s*100 %/);
  for (const [colorScheme, viewport] of [
    ['light', desktop],
    ['dark', phone],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await panel.scrollIntoViewIfNeeded();
    const { violations } = await new AxeBuilder({ page }).include('.inspector').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual(
      [],
    );
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      viewport.width,
    );
  }
  await close();
});

test('the whole row of a candidate marks it, in the chart and in the table', async () => {
  const { page, close } = await openScripted();
  await run(page);
  await page.locator('[data-p="8"]').click();
  const canvas = page.locator('.inspector .bars canvas');
  await canvas.waitFor();
  await page.waitForTimeout(500);
  const box = (await canvas.boundingBox())!;
  // On the label of the second row, left of the axis.
  await page.mouse.move(box.x + 20, box.y + 30);
  expect(await page.locator('.bars').evaluate((bars) => getComputedStyle(bars).cursor)).toBe('pointer');
  await page.mouse.click(box.x + 20, box.y + 30);
  await page.locator('.picked').waitFor();
  await page.getByRole('button', { name: 'Put back' }).click();
  await page.getByRole('tab', { name: 'Table' }).click();
  const row = page.locator('.inspector tbody tr').nth(2);
  await row.locator('td').nth(1).click();
  const name = (await row.locator('th').textContent())!.trim();
  await page.locator('.picked').getByText(name, { exact: true }).waitFor();
  const table = page.locator('.inspector table');
  const fits = await table.evaluate((one) => one.scrollWidth <= one.parentElement!.clientWidth);
  expect(fits).toBe(true);
  await close();
});
