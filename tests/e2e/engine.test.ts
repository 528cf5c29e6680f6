/** The engine in the page: a file from disk, the same text as the headless command's, Stop, reload, and files that are not models. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeModel } from '../models/make_model.ts';
import { openPage } from '../setup/browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'logitscope-e2e-'));
const model = join(folder, 'random.gguf');
const broken = join(folder, 'broken.gguf');
const PROMPT = 'the letters of the line';

beforeAll(() => {
  const bytes = makeModel({
    seed: 11,
    architecture: 'llama',
    format: 'Q8_0',
    vocabularySize: 345,
    contextLength: 2048,
    layers: 2,
    embeddingLength: 64,
    feedForwardLength: 96,
    heads: 4,
    kvHeads: 2,
    tied: true,
  });
  writeFileSync(model, bytes);
  writeFileSync(broken, bytes.subarray(0, bytes.length >> 1));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The text of the same engine in Node, on Chromium's driver, with the page's defaults. */
function headless(maxTokens: number): string {
  const args = [
    '--adapter',
    'swiftshader',
    '--model',
    model,
    '--prompt',
    PROMPT,
    '--max-tokens',
    String(maxTokens),
  ];
  const stdout = execFileSync('node', ['scripts/run.mjs', 'headless', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return stdout.toString().slice(0, -1);
}

async function choose(page: Page, file: string): Promise<void> {
  await page.locator('input[type=file][accept=".gguf"]').first().setInputFiles(file);
}

async function generate(page: Page, maxTokens: number): Promise<void> {
  await page.getByLabel('Maximum of tokens').fill(String(maxTokens));
  await page.getByLabel('Maximum of tokens').press('Enter');
  await promptOf(page).fill(PROMPT);
  await promptOf(page).press('Control+Enter');
}

async function output(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Copy the output' }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

const promptOf = (page: Page) => page.getByRole('textbox', { name: 'Prompt' });
const ended = (page: Page) => page.locator('section[aria-labelledby="text-title"] .end');
const permissions = ['clipboard-read', 'clipboard-write'];

test('loads a file and writes the same text as the headless command, also after a reload', async () => {
  const expected = headless(24);
  expect(expected.length).toBeGreaterThan(10);
  const { page, errors, foreignRequests, close } = await openPage('', { permissions });
  for (const visit of ['first visit', 'after a reload']) {
    await choose(page, model);
    await page.getByText('random llama Q8_0, seed 11').waitFor();
    await generate(page, 24);
    await ended(page)
      .getByText(/token limit/)
      .waitFor({ timeout: 60_000 });
    expect(await output(page), visit).toBe(expected);
    if (visit === 'first visit') await page.reload();
  }
  expect(errors).toEqual([]);
  expect(foreignRequests).toEqual([]);
  await close();
});

test('Stop ends a run', { tags: ['flow'] }, async () => {
  const { page, errors, close } = await openPage('', { permissions });
  await choose(page, model);
  await page.getByText('random llama Q8_0, seed 11').waitFor();
  await generate(page, 2000);
  await page.getByRole('button', { name: /^Stop/ }).click();
  await ended(page)
    .getByText(/stopped/i)
    .waitFor({ timeout: 10_000 });
  expect(errors).toEqual([]);
  await close();
});

test('says what is wrong with a file and keeps the prompt', async () => {
  const { page, close } = await openPage('', { errorNotices: /broken\.gguf/ });
  await promptOf(page).fill('keep me');
  await choose(page, broken);
  await page
    .getByText(/broken\.gguf.*(incomplete|download it again)/)
    .first()
    .waitFor();
  expect(await promptOf(page).inputValue()).toBe('keep me');
  await close();
});

test('says what is missing when WebGPU has no adapter', async () => {
  const { page, close } = await openPage('', { webgpu: false, errorNotices: /no graphics adapter/ });
  await choose(page, model);
  await page
    .getByText(/no graphics adapter/)
    .first()
    .waitFor();
  await close();
});
