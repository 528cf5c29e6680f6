import { expect, test } from 'vitest';
import { openScripted, phone, run } from './playground_page.ts';

test('on a phone the main knobs stay on the screen with the text, and what they change is shown there', async () => {
  const { page, close } = await openScripted({ viewport: phone });
  await run(page);
  const knobs = page.getByRole('region', { name: 'Main knobs' });
  await page.locator('[data-p="8"]').scrollIntoViewIfNeeded();
  const box = (await knobs.boundingBox())!;
  expect(box.y + box.height).toBeLessThanOrEqual(phone.height + 1);
  await knobs.getByRole('button', { name: /Temperature/ }).click();
  await knobs.getByLabel('Temperature, exact').fill('1.9');
  await expect.poll(() => knobs.getByRole('button', { name: /Temperature/ }).textContent()).toMatch(/1\.9/);
  await page.locator('.verdict').waitFor();
  await knobs.getByRole('button', { name: /Top-p/ }).click();
  await knobs.getByLabel('Top-p, exact').fill('1');
  await expect.poll(() => knobs.getByRole('button', { name: /Top-p/ }).textContent()).toMatch(/off/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phone.width);
  await page.setViewportSize({ width: 1440, height: 900 });
  await knobs.waitFor({ state: 'detached' });
  await close();
});
