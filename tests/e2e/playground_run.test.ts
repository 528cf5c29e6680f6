import { expect, test } from 'vitest';
import { finished, openScripted, run, shoot, tokens } from './playground_page.ts';

test('a run by mouse gives text, candidates and table, and the same seed gives the same text', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  const first = await tokens(page);
  expect(first.slice(1, 5).join('')).toBe('Once upon a time');
  expect(first.length).toBeGreaterThan(20);
  await page.getByRole('tab', { name: 'Table' }).click();
  const rows = page.locator('tbody tr');
  await expect.poll(() => rows.count()).toBeGreaterThan(20);
  expect(await page.locator('tr.chosen').count()).toBe(1);
  await shoot(page, 'run_light');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await finished(page);
  expect(await tokens(page)).toEqual(first);
  expect(errors).toEqual([]);
  await close();
});

test('the keyboard can run, move along the text, select, step, and change colours', async () => {
  const { page, close } = await openScripted({ colorScheme: 'dark' });
  await page.locator('#prompt').focus();
  await page.keyboard.press('Control+Enter');
  await finished(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('t');
  const before = (await tokens(page)).length;
  await page.locator('.text').focus();
  await page.keyboard.press('Home');
  for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight');
  expect(await page.locator('[data-p].on').getAttribute('data-p')).toBe('7');
  await page.keyboard.press('c');
  expect(await page.getByRole('combobox', { name: 'Colour' }).inputValue()).toBe('surprisal');
  await page.keyboard.press('w');
  expect(await page.locator('[data-p="6"]').textContent()).toContain('␣');
  await page.keyboard.press('s');
  await expect.poll(async () => (await tokens(page)).length).toBe(before + 1);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await shoot(page, 'keyboard_dark');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await close();
});

test(
  'Stop ends a run at once and keeps its text, and the page works after a reload during a run',
  { tags: ['flow'] },
  async () => {
    const { page, errors, close } = await openScripted({}, 30);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[data-p="9"]').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await finished(page);
    expect(await page.locator('.end').textContent()).toContain('stopped');
    expect((await tokens(page)).length).toBeGreaterThan(9);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[data-p="7"]').waitFor();
    await page.reload();
    await page.getByText(/\d+\s+tokens?\s+of/).waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('[data-p="7"]').waitFor();
    expect(errors).toEqual([]);
    await close();
  },
);

test(
  'a knob re-derives the text and shows where it diverges, and a run from there draws that token',
  { tags: ['flow'] },
  async () => {
    const { page, close } = await openScripted();
    await run(page);
    const slider = page.getByRole('slider', { name: 'Temperature', exact: true }).first();
    await slider.focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowRight');
    const verdict = page.locator('.verdict');
    await verdict.getByText(/diverge at token \d+/).waitFor();
    // The verdict follows each press, so the test waits for the last one's.
    let said = '';
    await expect
      .poll(
        async () => {
          const earlier = said;
          said = (await verdict.textContent())!;
          return said === earlier;
        },
        { interval: 500 },
      )
      .toBe(true);
    const [, number, wanted] = /diverge at token (\d+):\s*(\S+) instead/.exec(
      (await verdict.textContent())!,
    )!;
    const before = await tokens(page);
    await page.getByRole('button', { name: 'Continue from here' }).click();
    await finished(page);
    const after = await tokens(page);
    const at = 4 + Number(number);
    expect(after.slice(0, at)).toEqual(before.slice(0, at));
    expect(after[at]).toBe(wanted!.replaceAll('␣', ' '));
    // With the old temperature, a run would give the old text again.
    await page.locator('nav[aria-label="Texts and branches"] button.name').first().click();
    await slider.focus();
    for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowLeft');
    await verdict.waitFor({ state: 'hidden' });
    await close();
  },
);

test('another candidate makes a branch, which can be named and deleted', { tags: ['flow'] }, async () => {
  const { page, close } = await openScripted();
  await run(page);
  const before = await tokens(page);
  await page.locator('[data-p="12"]').click();
  await page.getByRole('tab', { name: 'Table' }).click();
  const row = page.locator('tbody tr:not(.chosen):not(.gone)').first();
  const other = (await row.getByRole('button').textContent())!.trim().replaceAll('␣', ' ');
  await row.getByRole('button').click();
  await page.getByRole('button', { name: 'Branch with it' }).click();
  await finished(page);
  const after = await tokens(page);
  expect(after.slice(0, 12)).toEqual(before.slice(0, 12));
  expect(after[12]).toBe(other);
  const tree = page.getByRole('navigation', { name: 'Texts and branches' });
  expect(await tree.getByRole('listitem').count()).toBe(2);
  await tree.locator('button.name').nth(1).focus();
  await page.keyboard.press('F2');
  await page.keyboard.type('the other way');
  await page.keyboard.press('Enter');
  await tree.getByText('the other way').waitFor();
  await shoot(page, 'branch_light');
  await tree.getByRole('button', { name: 'Delete the other way' }).click();
  await expect.poll(() => tokens(page)).toEqual(before);
  await close();
});

test('in step mode the person chooses each token', { tags: ['flow'] }, async () => {
  const { page, close } = await openScripted();
  await page.getByLabel('Maximum of tokens').fill('1');
  await run(page);
  await page.getByRole('button', { name: 'Step', exact: true }).click();
  await page.getByText('next token', { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Table' }).click();
  const chosen: string[] = [];
  for (let i = 0; i < 3; i++) {
    const before = (await tokens(page)).length;
    const button = page.locator('tbody tr').nth(2).getByRole('button');
    await button.click();
    await page.getByRole('button', { name: 'Take it' }).waitFor();
    chosen.push((await page.locator('.picked strong').textContent())!.replaceAll('␣', ' '));
    await page.getByRole('button', { name: 'Take it' }).click();
    await expect.poll(async () => (await tokens(page)).length).toBe(before + 1);
    await page.getByText('next token', { exact: true }).waitFor();
  }
  expect((await tokens(page)).slice(-3)).toEqual(chosen);
  await close();
});
