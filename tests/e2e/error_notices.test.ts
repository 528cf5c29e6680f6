/** Checks that an error notice that a test did not announce ends that test at once. */
import { expect, test } from 'vitest';
import { openScripted, run } from './playground_page.ts';

const noModel = { name: 'holiday.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('JPEG') };

test.each(['the first tab', 'another tab'])(
  'waiting fails with the sentence that the page shows in %s',
  async (tab) => {
    const { page, close } = await openScripted();
    const other = await page.context().newPage();
    await other.goto(page.url());
    const shown = tab === 'the first tab' ? page : other;
    const waiting = page.getByText('what never comes').waitFor({ timeout: 60_000 });
    const failure = expect(waiting).rejects.toThrow(/The page shows an error: .*holiday\.gguf/);
    await shown.locator('input[type=file]').first().setInputFiles(noModel);
    await failure;
    await close();
  },
  50_000,
);

test('a notice that the test announced does not end the test', async () => {
  const { page, close } = await openScripted({ errorNotices: /holiday\.gguf/ });
  await run(page);
  await page.locator('input[type=file]').first().setInputFiles(noModel);
  await page
    .getByRole('alert')
    .getByText(/holiday\.gguf/)
    .waitFor();
  expect(await page.locator('[data-p]').count()).toBeGreaterThan(5);
  await close();
});
