/** In a browser without WebGPU the page says what is missing, and runs models on the CPU with llama.cpp in WebAssembly. */
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { makeModel } from '../models/make_model.ts';
import { openPage } from '../setup/browser.ts';
import { desktop, finished, shoot, tokens } from './playground_page.ts';
import { outputOf } from './share_page.ts';

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as { fileName: string } | null;
/** Whether the checkout has the model's file, which `training/` makes. */
const present = embedded !== null && existsSync(`static/models/${embedded.fileName}`);

const runButton = (page: Page) => page.getByRole('button', { name: 'Run', exact: true, disabled: false });
const onCpu = (page: Page) =>
  page.getByRole('contentinfo').getByText(/CPU, llama\.cpp b\d+-\w+ in WebAssembly/);

async function draw(page: Page, prompt: string, maximum: number): Promise<string[]> {
  await page.locator('#prompt').fill(prompt);
  await page.getByLabel('Maximum of tokens').fill(String(maximum));
  // A run of a small model may end before the test sees it running. Only a text's address shows that it is new.
  const ended = page.locator('.end');
  if (await ended.isVisible()) await ended.evaluate((element) => element.setAttribute('data-old', ''));
  await runButton(page).click();
  await page.locator('.end:not([data-old])').waitFor();
  await finished(page);
  return tokens(page);
}

test.skipIf(!present)(
  'the embedded model runs on the CPU, with text, charts and knobs',
  { tags: ['flow'] },
  async () => {
    const { page, errors, foreignRequests, close } = await openPage('', { viewport: desktop, webgpu: false });
    await page
      .getByText(/This (browser|Firefox) has no WebGPU|WebGPU is here but finds no graphics adapter/)
      .waitFor();
    await onCpu(page).waitFor();
    const drawn = await draw(page, 'The robot looked at the sea and', 24);
    expect(drawn.length).toBeGreaterThan(12);
    expect(await outputOf(page)).toContain('The robot looked at the sea and');
    // Its distribution is complete: the most likely tokens and the rest sum to 1, and every prompt token has one.
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.locator('tr.chosen td').first().waitFor();
    expect(await page.locator('.inspector tbody tr').count()).toBeGreaterThan(5);
    await page.locator('[data-p="3"]').click();
    await page.locator('.inspector dl').waitFor();
    // A second run gives the same tokens.
    await page.keyboard.press('Escape');
    expect(await draw(page, 'The robot looked at the sea and', 24)).toEqual(drawn);
    await shoot(page, 'no_webgpu_light');
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  },
);

test(
  'a file of another architecture runs on the CPU, and a damaged one is refused',
  { tags: ['flow'] },
  async () => {
    const { page, errors, close } = await openPage('?engine=scripted', {
      viewport: desktop,
      webgpu: false,
      errorNotices: /cut\.gguf/,
    });
    const picker = page.locator('input[type=file]').first();
    const file = (name: string, buffer: Uint8Array) =>
      picker.setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(buffer) });
    const model = makeModel({
      seed: 12,
      architecture: 'qwen2',
      format: 'Q8_0',
      vocabularySize: 345,
      contextLength: 128,
      layers: 2,
      embeddingLength: 64,
      feedForwardLength: 128,
      heads: 4,
      kvHeads: 2,
      tied: true,
    });
    await file('own.gguf', model);
    await onCpu(page).waitFor();
    const drawn = await draw(page, 'ab', 8);
    expect(drawn.length).toBeGreaterThan(4);
    await file('cut.gguf', model.subarray(0, model.length - 1000));
    await page
      .getByRole('alert')
      .getByText(/cut\.gguf.* it is incomplete/)
      .waitFor();
    // The earlier text stays on the page.
    expect(await tokens(page)).toEqual(drawn);
    expect(errors).toEqual([]);
    await close();
  },
);

test.skipIf(!present)('the CPU, chosen in the list of models, runs the same model as the GPU', async () => {
  const { page, errors, close } = await openPage('', { viewport: desktop });
  await runButton(page).waitFor({ timeout: 60_000 });
  await page.getByLabel('Top-k, exact').fill('1');
  const onGpu = await draw(page, 'The robot looked at the sea and', 12);
  await page.getByRole('button', { name: 'Models' }).click();
  const dialog = page.getByRole('dialog', { name: 'Models' });
  await dialog.getByRole('switch', { name: 'Run GGUF files on the CPU' }).click();
  await shoot(page, 'models_cpu_light');
  await dialog.getByRole('button', { name: /^Load Logitscope/ }).click();
  await onCpu(page).waitFor();
  expect(await draw(page, 'The robot looked at the sea and', 12)).toEqual(onGpu);
  expect(errors).toEqual([]);
  await close();
});

test.skipIf(!present)(
  'on the CPU too, an output keeps to its grammar and any text can be scored',
  async () => {
    const { page, errors, close } = await openPage('', { webgpu: false, viewport: desktop });
    await onCpu(page).waitFor();
    await page.getByLabel('What the output must be').selectOption('Regular expression');
    await page.getByLabel('Regular expression', { exact: true }).fill(' (red|blue) (cat|dog)s?');
    const text = (await draw(page, 'In the garden there was a', 20)).join('');
    expect(text).toMatch(/In the garden there was a (red|blue) (cat|dog)s?(<\/s>)?$/);
    await page.getByRole('tab', { name: 'Any text' }).click();
    await page.getByLabel('How likely is this text here?').fill(' zebra');
    await page.locator('.score .whole').waitFor();
    expect(await page.locator('.score').textContent()).toMatch(/cannot write it: Grammar removes/);
    expect(errors).toEqual([]);
    await close();
  },
);

test.skipIf(!present)(
  'the engine is fetched when needed, kept from then on, and runs without a network',
  async () => {
    const { page, close } = await openPage('?engine=scripted', { webgpu: false, serviceWorkers: 'allow' });
    const keptEngines = () =>
      page.evaluate(async () => {
        const names = await caches.keys();
        const urls: string[] = [];
        for (const name of names) {
          for (const request of await (await caches.open(name)).keys()) urls.push(request.url);
        }
        return urls.filter((url) => /\.wasm$|\/optional\//.test(url));
      });
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      while (active?.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 50));
    });
    // Visiting the page does not fetch the engines.
    await page.reload();
    await runButton(page).waitFor();
    expect(await keptEngines()).toEqual([]);
    await page.goto(page.url().replace(/\?.*/, ''));
    await onCpu(page).waitFor();
    await expect
      .poll(async () => (await keptEngines()).filter((url) => url.endsWith('.wasm')).length)
      .toBe(1);
    await page.context().setOffline(true);
    await page.reload();
    await onCpu(page).waitFor();
    expect((await draw(page, 'The robot looked at the sea and', 8)).length).toBeGreaterThan(8);
    await close();
  },
);
