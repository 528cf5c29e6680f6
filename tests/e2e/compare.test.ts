/** Compares as a person does: lanes, their divergences, the strip, and the methods; by pointer, by keyboard, on a phone. */
import { existsSync, readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';
import { desktop, openScripted, phone } from './playground_page.ts';

async function openCompare(options: Parameters<typeof openScripted>[0] = {}) {
  const opened = await openScripted(options);
  await opened.page.getByRole('button', { name: 'Compare' }).click();
  await opened.page.getByRole('heading', { name: 'Lanes' }).waitFor();
  return opened;
}

async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/tok\/s in one batch/).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test-results/compare/${name}.png`, fullPage: true });
}

async function violations(page: Page): Promise<unknown[]> {
  const { violations: found } = await new AxeBuilder({ page }).include('main').analyze();
  return found.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]);
}

const lane = (page: Page, letter: string) => page.getByRole('article', { name: `Lane ${letter}` });
const text = (page: Page, letter: string) => lane(page, letter).locator('.text').innerText();

test.each(['light', 'dark'] as const)(
  'lanes run at the usual temperatures, in the %s theme',
  async (colorScheme) => {
    const { page, errors, foreignRequests, close } = await openCompare({ colorScheme });
    await run(page);
    const texts = [];
    for (const letter of 'abcd') texts.push(await text(page, letter));
    expect(new Set(texts).size).toBe(4);
    const table = page.getByRole('region', { name: 'Lanes in numbers' });
    expect(await table.getByRole('row').count()).toBe(5);
    // Colder texts are more likely.
    const perplexities = (await table.locator('tbody tr td:nth-child(4)').allTextContents()).map(Number);
    expect(perplexities).toEqual([...perplexities].sort((a, b) => a - b));

    // The table shows its last column, and the four lanes stand side by side, in colours.
    const room = await table.evaluate((box) => [box.scrollWidth, box.clientWidth]);
    expect(room[0]).toBe(room[1]);
    const lefts = [];
    for (const letter of 'abcd') lefts.push((await lane(page, letter).boundingBox())!.x);
    expect(lefts).toEqual([...lefts].sort((a, b) => a - b));
    expect(new Set(lefts).size).toBe(4);
    expect(await page.locator('.lane .text .c3').count()).toBeGreaterThan(0);
    // Each lane has its own temperature, so the common one is not offered.
    expect(await page.getByRole('slider', { name: 'Temperature', exact: true }).count()).toBe(0);

    // The divergence of each pair links to its position.
    await table
      .getByRole('button', { name: /^Lane b parts from/ })
      .first()
      .click();
    await page.getByText('The same text before it').waitFor();
    await page.getByRole('img', { name: /^Final probabilities of 4 lanes/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, `lanes-${colorScheme}`);

    await page.getByRole('button', { name: /Measure the gain/ }).click();
    await page.getByText('token for token the same').waitFor();
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);

test('lanes by a sweep or by seeds can be added and removed, with luck shared or not', async () => {
  const { page, close } = await openCompare();
  await page.getByLabel('Parameter to sweep').selectOption('topK');
  await page.getByLabel('Sweep from').fill('1');
  await page.getByLabel('Sweep to').fill('9');
  await page.getByLabel('Steps of the sweep').fill('3');
  await page.getByRole('button', { name: 'Sweep', exact: true }).click();
  const values = () =>
    Promise.all(['a', 'b', 'c'].map((letter) => page.getByLabel(`Top-k of lane ${letter}`).inputValue()));
  expect(await values()).toEqual(['1', '5', '9']);
  await page.getByRole('button', { name: 'Add a lane' }).click();
  await page.getByLabel('Temperature of lane d').waitFor({ state: 'detached' });
  expect(await page.getByLabel('Top-k of lane d').inputValue()).toBe('9');
  await page.getByRole('button', { name: 'Remove lane d' }).click();
  expect(await page.getByLabel('Top-k of lane d').count()).toBe(0);

  await page.getByLabel('Number of seeds').fill('5');
  await page.getByRole('button', { name: 'Seeds', exact: true }).click();
  await page.getByText('5 of at most 16').waitFor();
  await run(page);
  expect(await page.getByRole('article').count()).toBe(5);
  // No two lanes share a seed, so they cannot share their random numbers.
  expect(await page.getByRole('switch', { name: 'Common random numbers' }).count()).toBe(0);
  await page.getByText('Rows', { exact: true }).click();
  await expect.poll(() => page.url()).toContain('layout=rows');
  const tops = [];
  for (const letter of 'abcde') tops.push((await lane(page, letter).boundingBox())!.y);
  expect(new Set(tops).size).toBe(5);
  await page.getByText('Columns', { exact: true }).click();

  // Two equal lanes write the same text with shared luck, but not with their own.
  await page.getByLabel('Number of seeds').fill('2');
  await page.getByRole('button', { name: 'Seeds', exact: true }).click();
  await page.getByLabel('Seed of lane b').fill(await page.getByLabel('Seed of lane a').inputValue());
  await run(page);
  expect(await text(page, 'a')).toBe(await text(page, 'b'));
  await page.getByRole('switch', { name: 'Common random numbers' }).click();
  await page.getByText('Each lane has luck of its own').waitFor();
  await run(page);
  expect(await text(page, 'a')).not.toBe(await text(page, 'b'));
  await close();
});

test('the keyboard reaches the lanes, the strip, and a lane’s text in the playground', async () => {
  const { page, close } = await openCompare();
  await page.keyboard.press('Control+Enter');
  await page.getByText(/tok\/s in one batch/).waitFor();
  await page.getByRole('group', { name: /^The lanes' texts/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.getByText('token 2', { exact: true }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.getByText('token 1', { exact: true }).waitFor();

  const slider = page.getByRole('slider', { name: 'Temperature of lane b' });
  await slider.focus();
  const before = await slider.getAttribute('aria-valuetext');
  await page.keyboard.press('Shift+ArrowRight');
  expect(await page.getByRole('textbox', { name: 'Temperature of lane b' }).inputValue()).toBe('0.6');
  expect(await slider.getAttribute('aria-valuetext')).not.toBe(before);

  const wanted = (await text(page, 'b')).replace(/\s+/g, ' ').trim();
  await page.getByRole('button', { name: 'Open lane b in the playground' }).click();
  const shown = (await page.locator('section[aria-labelledby="text-title"] .text').innerText()).replace(
    /\s+/g,
    ' ',
  );
  // The marks of divergences belong to the comparison only.
  expect(shown).toContain(wanted.slice(wanted.indexOf(' ')).trim().slice(0, 60));
  await close();
});

test('best of N, vote, first valid and beams run and show their outcome', async () => {
  const { page, errors, close } = await openCompare({ errorNotices: /cannot be read/ });
  await page.getByLabel('Maximum of tokens').fill('30');
  await page.getByText('Best of N', { exact: true }).click();
  await run(page);
  const ranking = page.getByRole('region', { name: 'Ranking' });
  const scores = (await ranking.locator('.score').allTextContents()).map((score) =>
    Number(score.replace('−', '-')),
  );
  expect(scores).toHaveLength(8);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(await ranking.getByText('nats behind').count()).toBe(7);

  await page.getByText('Vote', { exact: true }).click();
  await page.getByLabel('Regular expression').fill('(his|every|another|one)');
  await page.getByLabel('Regular expression').press('Tab');
  await run(page);
  await page.getByText(/agreement/).waitFor();
  await page.getByRole('region', { name: 'Vote' }).waitFor();

  await page.getByText('First valid', { exact: true }).click();
  await page.getByLabel('Regular expression').fill('(');
  await page.getByLabel('Regular expression').press('Tab');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/regular expression "\(" cannot be read/).waitFor();
  await page.getByLabel('Valid when it').selectOption('length');
  await run(page);
  await page.getByRole('region', { name: 'Race' }).getByText('valid first').waitFor();

  await page.getByText('Beam', { exact: true }).click();
  await run(page);
  const rows = page.getByRole('region', { name: 'Beams and greedy decoding' }).getByRole('row');
  await expect.poll(() => rows.count()).toBe(1 + 4 + 1);
  const tree = page.getByRole('group', { name: /^Tree of beams/ });
  await expect.poll(() => tree.getByRole('button').count()).toBeGreaterThan(1);
  const nodes = await tree.getByRole('button').count();
  await page.getByLabel('show pruned ones').uncheck();
  await expect.poll(() => tree.getByRole('button').count()).toBeLessThan(nodes);
  await tree.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByText('token 2', { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  // A beam search draws nothing: it has no u, no temperature and no seed.
  expect(await page.getByText(/^u = /).count()).toBe(0);
  expect(await page.getByText('Temperature strip').count()).toBe(0);
  expect(await page.getByLabel('Seed', { exact: true }).count()).toBe(0);
  await shoot(page, 'beam');
  expect(errors.filter((error) => !error.includes('regular expression'))).toEqual([]);
  await close();
});

test('a phone shows one lane at a time, with a switcher, and nothing wider than the screen', async () => {
  const { page, close } = await openCompare({ viewport: phone, hasTouch: true });
  await run(page);
  expect(await lane(page, 'a').isVisible()).toBe(true);
  expect(await lane(page, 'b').isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Lane b', exact: true }).tap();
  expect(await lane(page, 'b').isVisible()).toBe(true);
  expect(await lane(page, 'a').isVisible()).toBe(false);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(phone.width);
  await shoot(page, 'phone');
  await close();
});

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);

test.skipIf(!present)(
  'the embedded model runs the usual temperatures, a vote and beams',
  { tags: ['flow'] },
  async () => {
    const { page, errors, foreignRequests, close } = await openPage('', { viewport: desktop });
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: 'Lanes' }).waitFor();
    await page.getByRole('button', { name: /^Temperatures 0, 0.4/ }).click();
    await page.getByLabel('Maximum of tokens').fill('10');
    await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).click({ timeout: 60_000 });
    await page.getByText('40 tokens in 9 passes').waitFor({ timeout: 60_000 });
    // Greedy decoding continues with the model's well-known words.
    expect(await text(page, 'a')).toMatch(/^, there was/);
    await page.getByRole('img', { name: /^Final probabilities of 4 lanes/ }).waitFor();
    await shoot(page, 'embedded-lanes');

    await page.getByText('Vote', { exact: true }).click();
    await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).click();
    await page.getByText('80 tokens in 9 passes').waitFor({ timeout: 60_000 });
    await page.getByText('Beam', { exact: true }).click();
    await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).click();
    await page.getByRole('group', { name: /^Tree of beams/ }).waitFor();
    await page
      .getByRole('cell', { name: /^, there was/ })
      .first()
      .waitFor({ timeout: 60_000 });
    await shoot(page, 'embedded-beams');
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);
