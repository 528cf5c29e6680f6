/** Uses a grammar as a person does: chooses, runs, inspects, shares, compares, mistypes and mends it. */
import { existsSync, readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import { desktop, finished, openScripted, phone, run, tokens } from './playground_page.ts';

const kind = (page: Page) => page.getByLabel('What the output must be');
const between = (text: string, open: string, close: string): string =>
  text.slice(text.indexOf(open), text.lastIndexOf(close) + 1);

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/grammar/${name}.png` });
}

test.each([
  ['light', desktop],
  ['dark', phone],
] as const)(
  'a JSON schema gives a valid text, shows its mask in every chart, and travels in the link; %s at %o',
  async (colorScheme, viewport) => {
    const { page, errors, foreignRequests, close } = await openScripted({ colorScheme, viewport });
    await kind(page).selectOption('JSON schema');
    await page.getByLabel('JSON schema', { exact: true }).waitFor();
    await page.getByLabel('Maximum of tokens').fill('400');
    await run(page);
    const value = JSON.parse(between((await tokens(page)).join(''), '{', '}')) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['name', 'animal', 'age', 'happy']);
    expect(['cat', 'dog', 'bird', 'fish']).toContain(value['animal']);
    await page.getByText(/here \d+ of 374 allowed/).waitFor();
    await page.getByRole('img', { name: /^Candidates and mass after each stage: Grammar 374 to/ }).waitFor();
    await page.getByRole('button', { name: 'grammar', exact: true, pressed: true }).waitFor();
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.getByRole('cell', { name: 'Grammar', exact: true }).first().waitFor();
    const { violations } = await new AxeBuilder({ page }).include('main').analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))])).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      viewport.width,
    );
    await shoot(page, `schema-${colorScheme}-${viewport.width}`);
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);

    await page.waitForFunction(() => location.hash.includes('grammar=json-schema:'));
    const { hash } = new URL(page.url());
    // A reload keeps the text, its grammar, and the removed mass.
    const before = await tokens(page);
    await page.waitForTimeout(2_500);
    await page.reload();
    await page.getByLabel('JSON schema', { exact: true }).waitFor();
    await page.locator('[data-p="20"]').waitFor();
    expect(await tokens(page)).toEqual(before);
    await page.getByRole('button', { name: 'grammar', exact: true, pressed: true }).waitFor();
    await page.getByText(/here \d+ of 374 allowed/).waitFor();
    await close();
    const shared = await openPage(`?engine=scripted${hash}`, { viewport });
    await shared.page.getByLabel('JSON schema', { exact: true }).waitFor();
    expect(await shared.page.getByLabel('JSON schema', { exact: true }).inputValue()).toContain('"animal"');
    await shared.close();
  },
);

test('an error in a grammar is shown at its place, nothing runs and nothing is lost', async () => {
  const { page, close } = await openScripted({ errorNotices: /cannot be read/ });
  await page.getByLabel('Maximum of tokens').fill('8');
  await run(page);
  const before = await tokens(page);
  await kind(page).selectOption('Grammar (EBNF)');
  const field = page.getByLabel('Grammar', { exact: true });
  await field.fill('root ::= line\nline ::= "a" (');
  const fault = page.getByRole('status').filter({ hasText: 'cannot be read' });
  await fault.waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/cannot be read: .* \(line 2, column \d+\)/).waitFor();
  expect(await tokens(page)).toEqual(before);
  await fault.getByRole('button', { name: /^Line 2, column/ }).click();
  const cursor = await field.evaluate((area: HTMLTextAreaElement) => area.selectionStart);
  expect(cursor).toBeGreaterThan('root ::= line'.length);
  await shoot(page, 'mistake');

  // Switching to another kind and back keeps the written source.
  await kind(page).selectOption('Free');
  await kind(page).selectOption('Grammar (EBNF)');
  expect(await field.inputValue()).toBe('root ::= line\nline ::= "a" (');
  await field.fill('root ::= line root\nline ::= "a" [b-z]');
  await fault.waitFor({ state: 'detached' });
  await run(page);
  // A text that never ends is cut, and the page says so.
  await page.getByText('ended at the token limit, before the end of its grammar: not complete').waitFor();
  expect((await tokens(page)).join('')).toMatch(/(a[b-z])+a?$/);

  // Once the stage is off, it forbids nothing, and past steps are re-derived at once.
  await page.getByRole('switch', { name: 'Grammar on' }).click();
  await page
    .locator('.verdict')
    .getByText(/diverge at token \d+/)
    .waitFor();
  await page.getByText('switched off').waitFor();
  await close();
});

test('every lane of a comparison keeps to the grammar', { tags: ['flow'] }, async () => {
  const { page, errors, close } = await openScripted();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('heading', { name: 'Lanes' }).waitFor();
  await page.getByRole('button', { name: /^Temperatures 0, 0.4/ }).click();
  await kind(page).selectOption('Regular expression');
  const pattern = '(the|a) [a-z]{3,9}( [a-z]+){0,3}\\.';
  await page.getByLabel('Regular expression', { exact: true }).fill(pattern);
  await page.getByLabel('Maximum of tokens').fill('200');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/tok\/s in one batch/).waitFor();
  const texts = [];
  for (const letter of 'abcd') {
    const shown = await page
      .getByRole('article', { name: `Lane ${letter}` })
      .locator('.text [data-p]')
      .allTextContents();
    texts.push(shown.join('').replace('<eos>', '').replace('<end>', ''));
  }
  for (const text of texts) expect(text).toMatch(new RegExp(`^${pattern}$`));
  expect(new Set(texts).size).toBeGreaterThan(1);
  await page.getByRole('radio', { name: 'grammar', exact: true }).press('Space');
  await page
    .getByRole('img', { name: 'What the grammar removed at each token, with a line per lane.' })
    .waitFor();
  await shoot(page, 'lanes');
  expect(errors).toEqual([]);
  await close();
});

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);

test.skipIf(!present)('the embedded model writes a valid text at a high temperature', async () => {
  const { page, errors, close } = await openPage('', { viewport: desktop });
  const button = page.getByRole('button', { name: 'Run', exact: true, disabled: false });
  await button.waitFor({ timeout: 60_000 });
  await page.locator('#prompt').fill('A friend from the story: ');
  await kind(page).selectOption('JSON schema');
  const schema = {
    type: 'object',
    properties: { age: { type: 'integer', minimum: 1, maximum: 30 }, kind: { enum: ['cat', 'dog'] } },
    required: ['age', 'kind'],
  };
  await page.getByLabel('JSON schema', { exact: true }).fill(JSON.stringify(schema));
  await page.getByLabel('Maximum of tokens').fill('120');
  await page.getByRole('slider', { name: 'Temperature', exact: true }).first().focus();
  for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowRight');
  await button.click();
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  await finished(page);
  const value = JSON.parse(between((await tokens(page)).join(''), '{', '}')) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(['age', 'kind']);
  expect(['cat', 'dog']).toContain(value['kind']);
  await page.getByText(/ended with/).waitFor();
  await page.getByText(/here \d+ of 4.096 allowed/).waitFor();
  await shoot(page, 'embedded');
  expect(errors).toEqual([]);
  await close();
});
