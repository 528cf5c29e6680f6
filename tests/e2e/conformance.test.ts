/** The conformance page: every check in this browser, and the report as text and as a link. */
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import { desktop, phone, shoot } from './playground_page.ts';

test(
  'the page runs every check, all pass, and the copied report opens elsewhere with the same rows',
  { tags: ['flow'] },
  async () => {
    const { page, errors, foreignRequests, close } = await openPage('?conformance', {
      viewport: desktop,
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.getByRole('button', { name: 'Run the checks' }).click();
    await page.getByText(/^All \d+ checks passed\.$/).waitFor({ timeout: 240_000 });
    for (const name of [
      'products with Q4_K weights',
      'attention over heads of 64',
      'DRY',
      '“Once upon a time”',
    ])
      await page.getByRole('rowheader', { name, exact: true }).waitFor();
    await page.getByText(/^webgpu shaders=/).waitFor();
    await shoot(page, 'conformance_light');
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await page.getByText('The report is on the clipboard.').waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect(text).toMatch(/All \d+ checks passed[^]*Numerics {2}webgpu[^]*✓ norms/);
    await page.getByRole('button', { name: 'Copy a link' }).click();
    await page.getByText('The link is on the clipboard.').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();

    const other = await openPage(link.slice(link.indexOf('?')), { viewport: phone, colorScheme: 'dark' });
    await other.page.getByText('Nothing below was run in this browser.').waitFor();
    await other.page.getByText(/^The link says: All \d+ checks passed\.$/).waitFor();
    await shoot(other.page, 'conformance_reported_dark_390');
    expect(other.errors).toEqual([]);
    await other.close();
  },
);

test('a failing row says what it means, and the page says when WebGPU is missing', async () => {
  const { page, close } = await openPage(
    '?conformance#report=1&kernels=failed|norms|2+variants,+wrong&sampling=ok|top-k|all',
    { viewport: { width: 768, height: 1024 } },
  );
  await page.getByText(/does not use a kernel that fails here/).waitFor();
  await page.getByText('1 of 2 checks failed.').waitFor();
  await shoot(page, 'conformance_failed_768');
  await close();
  const without = await openPage('?conformance', { webgpu: false });
  await without.page.getByRole('button', { name: 'Run the checks' }).click();
  await without.page.getByText(/no graphics adapter/).waitFor();
  await without.page.getByText(/1 of \d+ checks failed/).waitFor();
  expect(without.errors).toEqual([]);
  await without.close();
});
