import AxeBuilder from '@axe-core/playwright';
import { expect, test } from 'vitest';
import { desktop, finished, openScripted, phone, run, runAnew, shoot, tokens } from './playground_page.ts';

async function type(page: Awaited<ReturnType<typeof openScripted>>['page'], prompt: string): Promise<void> {
  await page.locator('#prompt').fill(prompt);
  // The page tokenises the prompt again before a run, so only its answer is waited for.
  await page.waitForTimeout(300);
}

test('an odd prompt is only text', async () => {
  const { page, errors, close } = await openScripted();
  const prompts = {
    markup: '<b onclick="alert(1)">bold</b><script>window.hurt = 1</script>&amp;',
    'right to left': 'היה היה פעם and then كان يا ما كان',
    'emoji with joiners': '👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 👍🏽',
    'control characters': 'a\u0000b\u0007c\u001b[31m\u202Ed\u200F',
    'lone surrogates': 'x\uD800y\uDC00',
  };
  for (const [what, prompt] of Object.entries(prompts)) {
    await type(page, prompt);
    await runAnew(page);
    expect(await page.evaluate(() => 'hurt' in window), what).toBe(false);
    expect(await page.locator('.text b, .text script').count(), what).toBe(0);
    const shown = (await tokens(page)).slice(1).join('');
    expect(shown.startsWith(new TextDecoder().decode(new TextEncoder().encode(prompt))), what).toBe(true);
    await page.keyboard.press('Escape');
    const marks = page.getByLabel('Show spaces, line ends, and partial bytes');
    await marks.click();
    await marks.click();
    expect(errors, what).toEqual([]);
  }
  await close();
});

test('an empty prompt and one that is too long each give a sentence with a way out', async () => {
  const { page, errors, close } = await openScripted();
  await type(page, 'word '.repeat(20_000));
  await page.getByText(/tokens longer than this model/).waitFor();
  expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Cut its beginning' }).click();
  await page.getByText(/tokens longer than this model/).waitFor({ state: 'hidden' });
  await run(page);
  expect((await tokens(page)).length).toBeLessThanOrEqual(2048);
  expect(errors).toEqual([]);
  await close();
});

test('numbers out of range are marked and not used', async () => {
  const { page, close } = await openScripted();
  const topP = page.getByLabel('Top-p, exact');
  await topP.fill('1.5');
  expect(await topP.getAttribute('aria-invalid')).toBe('true');
  await topP.blur();
  expect(await topP.inputValue()).toBe('0.95');
  await topP.fill('0,5');
  await topP.blur();
  expect(await topP.inputValue()).toBe('0.5');
  await close();
});

test('a file that is not a model is refused with a sentence that names it, and the text stays', async () => {
  const { page, close } = await openScripted({ errorNotices: /holiday\.gguf/ });
  await run(page);
  const before = await tokens(page);
  await page.locator('input[type=file]').setInputFiles({
    name: 'holiday.gguf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('not a model at all'),
  });
  await page
    .getByRole('alert')
    .getByText(/holiday\.gguf/)
    .waitFor();
  expect(await tokens(page)).toEqual(before);
  await close();
});

test.each([
  ['light', desktop, ['Playground', 'Tokens', 'Machine']],
  ['dark', desktop, ['Playground']],
  ['light', phone, ['Playground']],
  ['dark', phone, ['Playground', 'Machine']],
] as const)('axe finds no fault, %s at %o: %j', async (colorScheme, viewport, views) => {
  const { page, close } = await openScripted({ colorScheme, viewport });
  await run(page);
  await page.locator('[data-p="8"]').click();
  for (const view of views) {
    await page.getByRole('button', { name: view, exact: true }).click();
    await page.waitForTimeout(300);
    await shoot(page, `${view.toLowerCase()}_${colorScheme}_${viewport.width}`);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual(
      [],
    );
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  }
  await close();
});

test('the page needs no scrolling at 1440 × 900, and its targets are 44 px on a phone', async () => {
  const wide = await openScripted();
  await run(wide.page);
  expect(
    await wide.page.evaluate(() => document.documentElement.scrollHeight - innerHeight),
  ).toBeLessThanOrEqual(0);
  const chain = wide.page.locator('ol', { has: wide.page.getByRole('switch', { name: 'Top-k on' }) });
  expect(await chain.evaluate((list) => list.scrollHeight - list.clientHeight)).toBeLessThanOrEqual(0);
  await wide.close();
  const narrow = await openScripted({ viewport: phone, hasTouch: true });
  await finishedOn(narrow.page);
  const small = await narrow.page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'button:not([role=switch]), select, input:not(.sr-only), textarea',
      ),
    ]
      .filter((element) => element.offsetParent !== null && element.closest('.sr-only') === null)
      .map((element) => ({
        height: element.getBoundingClientRect().height,
        html: element.outerHTML.slice(0, 80),
      }))
      .filter(({ height }) => height < 44),
  );
  expect(small).toEqual([]);
  await narrow.close();
});

async function finishedOn(page: Awaited<ReturnType<typeof openScripted>>['page']): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await finished(page);
}
