import { expect, test } from 'vitest';
import { openScripted, run, shoot, tokens } from './playground_page.ts';

test('stages of the chain can be switched, reordered by keyboard and by mouse, and reset', async () => {
  const { page, close } = await openScripted();
  await run(page);
  const stages = page.locator('ol > li .name');
  const order = (): Promise<string[]> =>
    stages.allTextContents().then((all) => all.map((name) => name.trim()));
  const before = await order();
  expect(before.slice(-3)).toEqual(['Temperature', 'Mirostat', 'Adaptive-p']);
  const kept = async (): Promise<number> =>
    Number(/kept\s*(\d+)/.exec((await page.locator('.inspector dl').textContent())!)![1]);
  const all = await kept();
  await page.getByRole('switch', { name: 'Min-p on' }).click();
  const topP = page.getByRole('switch', { name: 'Top-p on' });
  await topP.click();
  await expect.poll(kept).toBe(40);
  expect(all).toBeLessThan(40);
  expect(await page.getByLabel('Top-p, exact').getAttribute('placeholder')).toBe('off');
  // A number switches the stage on, the neutral one switches it off, and the switch brings a number that does something.
  await page.getByLabel('Top-p, exact').fill('0.5');
  await expect.poll(() => topP.isChecked()).toBe(true);
  await page.getByLabel('Top-p, exact').fill('1');
  await expect.poll(() => topP.isChecked()).toBe(false);
  await topP.click();
  await expect.poll(() => page.getByLabel('Top-p, exact').inputValue()).toBe('0.95');
  await topP.click();
  await page.getByRole('button', { name: /^Move Temperature/ }).focus();
  await page.keyboard.press('ArrowUp');
  await expect.poll(order).toEqual([...before.slice(0, -4), 'Temperature', 'XTC', 'Mirostat', 'Adaptive-p']);
  await page.keyboard.press('ArrowUp');
  await expect.poll(async () => (await order()).indexOf('Temperature')).toBe(before.indexOf('Min-p'));
  await page
    .getByRole('button', { name: /^Move Top-k/ })
    .dragTo(page.getByRole('button', { name: /^Move DRY/ }));
  await expect.poll(async () => (await order()).indexOf('Top-k')).toBe(before.indexOf('DRY'));
  await page.getByLabel('Reset the chain to').selectOption({ label: 'OpenAI' });
  await expect
    .poll(async () => (await order()).indexOf('Temperature'))
    .toBeLessThan((await order()).indexOf('Top-k'));
  const temperature = page.getByLabel('Temperature, exact');
  expect([await temperature.inputValue(), await temperature.getAttribute('placeholder')]).toEqual([
    '',
    'off',
  ]);
  await page.getByLabel('Reset the chain to').selectOption({ label: 'llama.cpp' });
  await expect.poll(order).toEqual(before);
  await close();
});

test('a ban by token search keeps the token out, and the chart says what removed it', async () => {
  const { page, close } = await openScripted();
  await page.getByLabel('Maximum of tokens').fill('40');
  await run(page);
  const shown = await tokens(page);
  const at = shown.findIndex((text, index) => index > 5 && /^ [a-z]{3,}$/.test(text));
  const word = shown[at]!.trim();
  await page.getByRole('button', { name: 'Logit bias', exact: true }).click();
  await page.getByRole('combobox', { name: 'Token to bias' }).fill(word);
  await page.getByRole('listbox').getByRole('option').first().click();
  await page.getByRole('button', { name: 'Ban' }).click();
  await page.locator(`[data-p="${at}"]`).click();
  await page.getByRole('tab', { name: 'Table' }).click();
  await expect.poll(() => page.locator('tr.chosen .fate').textContent()).toContain('Logit bias');
  await page
    .locator('.verdict')
    .getByText(/diverge at token/)
    .waitFor();
  await run(page);
  expect((await tokens(page)).slice(5).map((text) => text.trim())).not.toContain(word);
  await close();
});

test('any token can be looked up, listed or not', async () => {
  const { page, close } = await openScripted();
  await run(page);
  await page.getByRole('tab', { name: 'Table' }).click();
  await page.getByRole('combobox', { name: 'Any token of the vocabulary at this step' }).fill('300');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('tbody tr').first().locator('td').first().textContent()).toBe('300');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\n')[0]).toBe(
    'token\tid\tlogit\traw probability\traw logprob\tfinal probability\trank\tfate',
  );
  expect(copied.split('\n')[1]!.split('\t')[1]).toBe('300');
  await close();
});

test('a chat’s turns go through the model’s template, and one click shows the templated text', async () => {
  const { page, close } = await openScripted();
  await page.getByText('Chat', { exact: true }).click();
  await page.getByLabel('Text of turn 1').fill('Tell me of a boat <|user|>');
  await page.getByRole('button', { name: 'Show prompt tokens' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Templated text').waitFor();
  expect(await dialog.locator('pre').textContent()).toContain('Tell me of a boat');
  await shoot(page, 'template_light');
  await page.keyboard.press('Escape');
  await run(page);
  expect((await tokens(page)).join('')).toContain('boat');
  await close();
});

test('on the timeline a click selects the step, a brush zooms, and “all” shows everything again', async () => {
  const { page, close } = await openScripted();
  await run(page);
  const plot = page.locator('.plot');
  await page.waitForTimeout(500);
  const box = (await plot.boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const selected = page.locator('[data-p].on');
  const at = Number(await selected.getAttribute('data-p'));
  const length = (await tokens(page)).length;
  expect(Math.abs(at - length / 2)).toBeLessThan(length * 0.12);
  expect(await page.getByRole('button', { name: 'Pinned' }).count()).toBe(1);
  await page.mouse.move(box.x + box.width * 0.3, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
  await page.mouse.up();
  const everything = page.getByRole('button', { name: 'all', exact: true });
  await expect.poll(() => everything.isEnabled()).toBe(true);
  // The chart redraws a few frames after the brush.
  await page.waitForTimeout(500);
  // After the zoom, half the plot's width covers a tenth of the text.
  await page.mouse.click(box.x + box.width * 0.95, box.y + box.height / 2);
  expect(Number(await selected.getAttribute('data-p'))).toBeLessThan(length * 0.62);
  await everything.click();
  await expect.poll(() => everything.isEnabled()).toBe(false);
  await close();
});

test('a file that cannot be opened leaves the working model, and the text with its charts', async () => {
  const { page, close } = await openScripted({ errorNotices: /empty\.gguf/ });
  await run(page);
  await page.locator('[data-p="8"]').click();
  await page.locator('.inspector dl').waitFor();
  await page.locator('input[type=file]').setInputFiles({
    name: 'empty.gguf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.alloc(64),
  });
  await page
    .getByRole('alert')
    .getByText(/empty\.gguf/)
    .waitFor();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  expect((await tokens(page)).length).toBeGreaterThan(20);
  await page.locator('[data-p="9"]').click();
  await page.locator('.inspector dl').waitFor();
  await run(page);
  await close();
});
