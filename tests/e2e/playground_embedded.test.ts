import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import { desktop, phone, runAnew, shoot, tokens } from './playground_page.ts';

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
/** Whether the checkout has the model's file, which `training/` makes. */
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);
const recorded = present && existsSync('static/recording.json');

test.skipIf(!recorded)(
  'opens with text and charts at once, and the model that loads behind them draws the same',
  { tags: ['flow'] },
  async () => {
    const { page, errors, foreignRequests, close } = await openPage('', { viewport: desktop });
    await page.locator('[data-p="20"]').waitFor({ timeout: 5_000 });
    await page.locator('.inspector dl').waitFor({ timeout: 5_000 });
    await page.getByText('Saved run of').waitFor();
    await page.getByText('reproduced on this device').waitFor({ timeout: 60_000 });
    const before = await tokens(page);
    const slider = page.getByRole('slider', { name: 'Temperature', exact: true }).first();
    await slider.focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowRight');
    await page
      .locator('.verdict')
      .getByText(/diverge at token \d+/)
      .waitFor();
    await shoot(page, 'embedded_knob_light');
    expect(await tokens(page)).toEqual(before);
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);

test.skipIf(!present).each([
  ['light', desktop],
  ['dark', phone],
] as const)('the embedded model runs, %s at %o', { tags: ['flow'] }, async (colorScheme, viewport) => {
  const { page, errors, close } = await openPage('', { viewport, colorScheme });
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor({ timeout: 60_000 });
  await page.locator('#prompt').fill('The robot looked at the sea and');
  await page.getByLabel('Maximum of tokens').fill('12');
  await page.getByLabel('Top-k, exact').fill('1');
  await runAnew(page);
  const first = await tokens(page);
  expect(first.join('')).toContain('The robot looked at the sea and');
  expect(first.length).toBeGreaterThan(12);
  await page.locator('[data-p].on').waitFor();
  await shoot(page, `embedded_${colorScheme}_${viewport.width}`);
  // Run it again while the prompt's KV is still cached.
  await runAnew(page);
  expect(await tokens(page)).toEqual(first);
  expect(errors).toEqual([]);
  await close();
});
