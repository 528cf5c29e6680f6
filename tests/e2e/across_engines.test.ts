/**
 * Runs one prompt on our own engine (on a GPU or a software adapter) and on llama.cpp in WebAssembly. Both write the same text
 * from the same seed while their logits agree, and the page shows where they diverge. The expected distances come from a native
 * llama.cpp: static/models/README.md has a KL divergence of 1.2e-4 in the mean and 1.2e-3 at worst.
 */
import AxeBuilder from '@axe-core/playwright';
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { makeModel } from '../models/make_model.ts';
import { openPage } from '../setup/browser.ts';
import { desktop, openScripted, phone, shoot } from './playground_page.ts';

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
/** Whether the checkout has the model's file, which `training/` makes. */
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);

const view = (page: Page) => page.getByRole('main');
const runBoth = (page: Page) => view(page).getByRole('button', { name: 'Run both' });

async function openAcross(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByText('Two engines', { exact: true }).first().click();
  await view(page).waitFor();
}

interface Row {
  readonly token: string;
  readonly first: number;
  readonly second: number;
  readonly kl: number;
  readonly variation: number;
}

/** Every row of the table of positions; probabilities in percent. */
async function rows(page: Page): Promise<Row[]> {
  await view(page).getByRole('region', { name: 'Both engines at each token' }).waitFor({ timeout: 60_000 });
  const cells = await view(page)
    .locator('tbody tr')
    .evaluateAll((list) => list.map((row) => [...row.children].map((cell) => cell.textContent.trim())));
  // A small figure is written as 2.4×10⁻⁵.
  const number = (text: string): number =>
    Number(
      text
        .replace(' %', '')
        .replace('×10', 'e')
        .replace('⁻', '-')
        .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String('⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(digit))),
    );
  return cells.map((cell) => ({
    token: cell[1]!,
    first: number(cell[2]!),
    second: number(cell[3]!),
    kl: number(cell[4]!),
    variation: number(cell[5]!),
  }));
}

test.skipIf(!present)(
  'our engine and llama.cpp write the same text from the same seed, or the page shows where they diverge',
  async () => {
    const { page, errors, foreignRequests, close } = await openPage('', { viewport: desktop });
    await page
      .getByRole('button', { name: 'Run', exact: true, disabled: false })
      .waitFor({ timeout: 60_000 });
    await page.locator('#prompt').fill('The little dog ran to the');
    await page.getByLabel('Maximum of tokens').fill('40');
    await openAcross(page);
    await view(page)
      .getByRole('button', { name: /^Load Logitscope .* as B$/ })
      .click();
    await view(page)
      .getByText(/CPU, llama\.cpp b\d+/)
      .waitFor();
    await runBoth(page).click();
    const found = await rows(page);
    expect(found.length).toBeGreaterThan(10);
    // Two programs that compute the same model give close figures, but not the same bits.
    const mean = found.reduce((sum, { kl }) => sum + kl, 0) / found.length;
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(6e-4);
    for (const { first, second, kl, variation } of found) {
      expect(kl).toBeLessThan(6e-3);
      // Pinsker's inequality, with room for the rounding of the shown figures; one token differs by no more than the total.
      expect(2 * (variation / 100) ** 2).toBeLessThanOrEqual(kl * 1.02 + 1e-7);
      expect(Math.abs(first - second)).toBeLessThanOrEqual(variation * 1.01 + 0.06);
    }
    const verdict = (await view(page).locator('.verdict').textContent())!.replace(/\s+/g, ' ').trim();
    const texts = await view(page).locator('.text').allTextContents();
    const parting = /^They part at output token (\d+): with the same luck, A drew .+, and B .+\.$/.exec(
      verdict,
    );
    if (parting) {
      // Up to there the texts are equal. There the distributions differ, because equal ones draw equal tokens with equal luck.
      const at = Number(parting[1]) - 1;
      expect(texts[0]).not.toBe(texts[1]);
      expect(found[at]!.variation).toBeGreaterThan(0);
    } else {
      expect(verdict).toBe(`Token for token the same: ${found.length} tokens from the same seed.`);
      expect(texts[0]).toBe(texts[1]);
    }
    await shoot(page, 'across_light');
    expect((await new AxeBuilder({ page }).include('main').analyze()).violations.map(({ id }) => id)).toEqual(
      [],
    );
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);

test('models with two vocabularies give two texts and no distance', async () => {
  const { page, errors, close } = await openScripted({ viewport: phone, colorScheme: 'dark' });
  await page.getByLabel('Maximum of tokens').fill('6');
  await openAcross(page);
  const model = makeModel({
    seed: 3,
    architecture: 'llama',
    format: 'Q8_0',
    vocabularySize: 345,
    contextLength: 128,
    layers: 1,
    embeddingLength: 64,
    feedForwardLength: 128,
    heads: 4,
    kvHeads: 2,
    tied: true,
  });
  const file = view(page).getByLabel('A GGUF file for the second engine');
  await file.setInputFiles({
    name: 'bad.gguf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('no'),
  });
  await view(page)
    .getByRole('alert')
    .getByText(/bad\.gguf/)
    .waitFor();
  await file.setInputFiles({
    name: 'own.gguf',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(model),
  });
  await runBoth(page).click();
  await view(page)
    .getByText(
      /One model has \d+ tokens and the other 345, so their distributions cannot be laid over each other/,
    )
    .waitFor({ timeout: 60_000 });
  expect(await view(page).locator('.text').count()).toBe(2);
  expect(await view(page).locator('.verdict').count()).toBe(0);
  await shoot(page, 'across_dark_phone');
  await view(page).getByRole('button', { name: 'Unload' }).click();
  await view(page).getByRole('button', { name: 'Open file' }).waitFor();
  expect(errors).toEqual([]);
  await close();
});
