/** Models from a stand-in hub on this machine: listed, downloaded, paused, cut off, continued after a reload, shared by tabs, deleted. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layOutGguf } from '../models/gguf_writer.ts';
import { makeModel, metadataOf, type ModelSpec, tensorsOf } from '../models/make_model.ts';
import { openPage } from '../setup/browser.ts';
import { type Mood, StandInHub } from '../setup/hub.ts';

const SPEC: ModelSpec = {
  seed: 12,
  architecture: 'llama',
  format: 'Q8_0',
  vocabularySize: 345,
  contextLength: 512,
  layers: 4,
  embeddingLength: 256,
  feedForwardLength: 512,
  heads: 4,
  kvHeads: 2,
  tied: true,
};
const small = makeModel(SPEC);
const FILE = 'random-Q8_0.gguf';

let hub: StandInHub;
beforeAll(async () => {
  hub = await StandInHub.start();
  hub.put(FILE, small);
  hub.put('truncated-Q8_0.gguf', small.subarray(0, 1000));
});
afterAll(() => hub.stop());

const dialog = (page: Page) => page.getByRole('dialog', { name: 'Models' });
const ready = (page: Page, timeout = 60_000) =>
  page.locator('.chip .facts').getByText('parameters').waitFor({ timeout });

async function openModels(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Models' }).click();
  await dialog(page).getByText('used of the').waitFor();
}

async function listFiles(page: Page, typed = 'owner/repo'): Promise<void> {
  await dialog(page).getByText('Another address of the hub').click();
  await dialog(page).getByPlaceholder('https://huggingface.co').fill(hub.url);
  await dialog(page)
    .getByPlaceholder(/owner\/repository/)
    .fill(typed);
  await dialog(page).getByRole('button', { name: 'Show files' }).click();
}

const fileRow = (page: Page, name: string) => dialog(page).getByRole('row', { name });
const keptRow = (page: Page, name: string) => dialog(page).getByRole('listitem').filter({ hasText: name });

test(
  'a model is listed, downloaded, paused, continued after a reload over a connection that breaks, and deleted',
  { tags: ['flow'] },
  async () => {
    hub.moods.set(FILE, { slow: 600_000 });
    hub.sent.length = 0;
    const { page, errors, foreignRequests, close } = await openPage();
    await ready(page);
    await openModels(page);
    expect(foreignRequests).toEqual([]);
    await listFiles(page);
    await fileRow(page, FILE).getByText('Q8_0', { exact: true }).waitFor();
    await fileRow(page, FILE)
      .getByRole('button', { name: `Download from ${new URL(hub.url).host}` })
      .click();
    const status = page.locator('.chip [role=status]');
    await expect.poll(() => status.textContent(), { timeout: 20_000 }).toMatch(/\d+ kB\/s, \d+ s left/);
    await page.getByRole('button', { name: 'Pause' }).click();
    // The page's own model, which was loaded before, comes back.
    await ready(page);

    await page.reload();
    await openModels(page);
    const shown = await keptRow(page, FILE).textContent();
    expect(shown).toMatch(/[\d.]+ kB of [\d.]+ MB/);
    hub.moods.set(FILE, { cutAfter: 200_000, times: 1 });
    await keptRow(page, FILE).getByRole('button', { name: 'Continue' }).click();
    await ready(page);
    expect(await page.locator('.chip strong').textContent()).toContain('random llama Q8_0');
    const answers = hub.sent.filter(({ path }) => path === FILE).sort((a, b) => a.from - b.from);
    expect(answers).toHaveLength(3);
    const [paused, cut, last] = answers;
    // Each answer begins within the one before, because bytes in flight when that one ended were not received.
    expect(cut!.from).toBeGreaterThan(100_000);
    expect(cut!.from).toBeLessThanOrEqual(paused!.bytes);
    expect(cut!.bytes).toBe(200_000);
    expect(last!.from).toBeGreaterThan(cut!.from);
    expect(last!.from).toBeLessThanOrEqual(cut!.from + cut!.bytes);
    expect(last!.from + last!.bytes).toBe(small.length);

    await openModels(page);
    await keptRow(page, FILE).getByText('SHA-256 checked').waitFor();
    const before = hub.requests.length;
    await keptRow(page, FILE).getByRole('button', { name: 'Load' }).click();
    await ready(page);
    expect(hub.requests.length).toBe(before);

    await openModels(page);
    await keptRow(page, FILE).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByText('Nothing yet').waitFor();
    const left = await page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    });
    expect(left).toEqual([]);
    expect(errors).toEqual([]);
    await close();
  },
);

test('two tabs fetch a model once', { tags: ['flow'] }, async () => {
  // Slow enough for the second tab to open while the first one fetches, even on a busy machine.
  const mood: Mood = { slow: 300_000 };
  hub.moods.set(FILE, mood);
  hub.sent.length = 0;
  const { page, close } = await openPage();
  const other = await page.context().newPage();
  await other.goto(page.url());
  for (const tab of [page, other]) {
    await openModels(tab);
    await listFiles(tab);
    await fileRow(tab, FILE)
      .getByRole('button', { name: /Download/ })
      .click();
  }
  await other.locator('.chip').getByText('another tab downloads it').waitFor();
  // Both tabs are there, so the rest may come at full speed.
  delete mood.slow;
  await Promise.all([ready(page), ready(other)]);
  expect(hub.timesSent(FILE, small.length)).toEqual([1, 1]);
  hub.moods.delete(FILE);
  await close();
});

test('every failure gives one sentence, and the page goes on', async () => {
  const { page, close } = await openPage('', { errorNotices: /truncated-Q8_0\.gguf/ });
  await openModels(page);
  await listFiles(page, 'no/body');
  await dialog(page)
    .getByText(/answered 401 for no\/body: there is no such repository/)
    .waitFor();
  hub.gated = 'auto';
  await listFiles2(page, 'owner/repo');
  await dialog(page)
    .getByText(/This repository is gated/)
    .waitFor();
  expect(await fileRow(page, FILE).getByRole('button').isDisabled()).toBe(true);
  hub.gated = false;
  await listFiles2(page, 'owner/repo');
  await fileRow(page, 'truncated-Q8_0.gguf').getByRole('button').click();
  await page
    .getByText(/truncated-Q8_0.gguf: .* the file is damaged or incomplete/)
    .first()
    .waitFor();
  await close();

  async function listFiles2(tab: Page, typed: string): Promise<void> {
    await dialog(tab)
      .getByPlaceholder(/owner\/repository/)
      .fill(typed);
    await dialog(tab).getByRole('button', { name: 'Show files' }).click();
  }
});

// Garbage that a busy machine has not collected yet counts as memory in use. One of three runs shows what the page needs.
test('a download of 300 MB takes bounded memory', { retry: 2, timeout: 300_000 }, async () => {
  const spec: ModelSpec = {
    ...SPEC,
    format: 'F16',
    layers: 3,
    embeddingLength: 2048,
    feedForwardLength: 5632,
    heads: 16,
    kvHeads: 16,
  };
  const { header, size } = layOutGguf(3, metadataOf(spec), tensorsOf(spec));
  expect(size).toBeGreaterThan(300_000_000);
  const body = new Uint8Array(size);
  body.set(header);
  hub.put('large-F16.gguf', body);
  hub.sent.length = 0;
  const { page, close } = await openPage();
  // Memory is measured after the page's own model is loaded.
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor({ timeout: 60_000 });
  await openModels(page);
  await listFiles(page);
  await fileRow(page, 'large-F16.gguf')
    .getByRole('button', { name: /Download/ })
    .waitFor();

  const cdp = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  const resident = () => Math.max(...renderers.map(residentBytes));
  const before = resident();
  let peak = before;
  const started = performance.now();
  const timer = setInterval(() => (peak = Math.max(peak, resident())), 50);
  await fileRow(page, 'large-F16.gguf')
    .getByRole('button', { name: /Download/ })
    .click();
  await ready(page, 250_000);
  clearInterval(timer);
  console.log(
    `renderer: ${before / 1e6} MB before, ${peak / 1e6} MB at its peak, for ${size / 1e6} MB in ${Math.round(performance.now() - started)} ms`,
  );
  expect(peak - before).toBeLessThan(200e6);
  expect(hub.timesSent('large-F16.gguf', size)).toEqual([1, 1]);
  await close();
});

/** Memory that a process uses, with all heaps and buffers; 0 after it has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
