/** The page on a real llama.cpp server, if this machine has one. */
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import embedded from '../../src/models/embedded.json' with { type: 'json' };
import { type OpenPage, openPage } from '../setup/browser.ts';
import {
  findLlamaServer,
  HOW_TO_GET_ONE,
  type LlamaServer,
  startLlamaServer,
} from '../setup/llama_server.ts';

const found = findLlamaServer();
const KEY = 'the-right-key';

let server: LlamaServer | undefined;
let opened: OpenPage | undefined;
afterEach(async () => {
  await opened?.close();
  await server?.stop();
});

/** Connects the page to the server with its dialog. */
async function connect(page: Page, key: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Models' });
  if (!(await dialog.isVisible())) await page.getByRole('button', { name: 'Models' }).click();
  await dialog.getByLabel('Base URL').fill(server!.baseUrl);
  await dialog.getByLabel('API key (optional)').fill(key);
  await dialog.getByRole('button', { name: `List the models of ${server!.host}` }).click();
}

async function openOn(path: string, options: readonly string[]): Promise<Page> {
  server = await startLlamaServer(found!.program, ['-np', '1', '--api-key', KEY, ...options]);
  opened = await openPage(path, { errorNotices: /in the middle of the text; what came is kept/ });
  await connect(opened.page, KEY);
  await opened.page.getByRole('button', { name: `Use ${embedded.fileName}` }).click();
  await opened.page.getByText(`your text goes to ${server.host}`).waitFor();
  return opened.page;
}

/** The output's tokens, without the prompt. */
const output = (page: Page): Promise<string[]> =>
  page.locator('[data-p]').evaluateAll((tokens) => tokens.slice(1).map((token) => token.textContent));

/** The readable text, without the tokens of a stop sequence, which are marked. */
const shown = async (page: Page): Promise<string> =>
  (await page.locator('[data-p]:not(.held)').allTextContents()).join('');

async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}

if (!found) test.skip(HOW_TO_GET_ONE);
describe.runIf(found)('the page on a llama.cpp server', () => {
  test('runs, charts the listed tokens, ends before a stop sequence, and takes other knobs', async () => {
    const page = await openOn('#v=1&temperature=0&max_tokens=24&stop=+named', ['-c', '256']);
    await run(page);
    await page.getByText('ended by a stop sequence').waitFor();
    expect(await shown(page)).toBe('Once upon a time, there was a little girl');

    await page.locator('[data-p="2"]').click();
    await page.getByRole('tab', { name: 'Table' }).click();
    const table = page.getByRole('tabpanel');
    const drawn = page.getByRole('row', { name: /there/ });
    // The server's own id of the token, which is the likeliest by far.
    await expect.poll(() => drawn.textContent()).toMatch(/405.*8[01](\.\d)? ?%.*1chosen$/);
    // The server lists 20 of 4096 entries.
    expect(await page.getByRole('row', { name: /the other 4.076/ }).textContent()).toMatch(/0\.\d+ ?%/);
    expect(await table.textContent()).not.toContain('NaN');

    // A branch with another listed token, which the server continues.
    await page.getByRole('button', { name: '␣in', exact: true }).click();
    await page
      .getByRole('button', { name: /^Branch/ })
      .first()
      .click();
    await expect.poll(async () => (await output(page)).slice(0, 2)).toEqual([',', ' in']);
    await expect.poll(async () => (await output(page)).length).toBeGreaterThan(2);

    // The server does not tell how it tokenises a text, so the page counts no tokens.
    await page.getByText('Tokens', { exact: true }).first().click();
    await page.getByText('makes its tokens by itself').waitFor();
    expect(await page.getByText(/\d tokens$/).count()).toBe(0);
    await page.getByText('Playground', { exact: true }).first().click();

    // The server takes any order and any knob, and draws another text.
    await page.getByLabel('Temperature, exact').first().fill('3');
    for (const label of ['Top-k, exact', 'Min-p, exact']) await page.getByLabel(label).fill('0');
    await page.getByLabel('Top-p, exact').fill('1');
    await page.getByRole('button', { name: /^Move Temperature/ }).press('ArrowUp');
    await run(page);
    await expect.poll(async () => (await output(page)).length).toBe(24);
    expect(await shown(page)).not.toMatch(/there was|, in a/);

    // A link names the model, but neither the server nor the folder of the model's file.
    await expect.poll(() => page.url()).toContain(`model=server:${embedded.fileName}`);
    expect(page.url()).not.toContain(server!.host);
    expect(opened!.errors).toEqual([]);
    expect(opened!.foreignRequests.every((url) => new URL(url).host === server!.host)).toBe(true);
  });

  test('keeps a run with its listed tokens, and charts it after a reload without the server', async () => {
    const page = await openOn('#v=1&temperature=0&max_tokens=8', ['-c', '256']);
    await run(page);
    await page.getByText('ended at the token limit').waitFor();
    const before = await output(page);
    // The page saves a run a moment after its end.
    await page.waitForTimeout(2_500);
    await server!.stop();
    await page.reload();
    await expect.poll(() => output(page)).toEqual(before);
    await page.locator('[data-p="2"]').click();
    await page.getByRole('tab', { name: 'Table' }).click();
    const drawn = page.getByRole('row', { name: /there/ });
    await expect.poll(() => drawn.textContent()).toMatch(/405.*8[01](\.\d)? ?%.*1chosen$/);
    // Its rank is known, but not its logit, its final probability or its fate.
    const other = page.getByRole('row', { name: /^␣in / });
    expect((await other.textContent())!.trim()).toMatch(/^␣in\s*\d+–[^–]*–\d+–$/);
    expect(await page.getByRole('tabpanel').textContent()).not.toMatch(/NaN|the chain/);
  });

  test('answers a conversation with the server’s own template', async () => {
    const page = await openOn('#v=1&temperature=0&max_tokens=8&mode=chat&user=Tell+me+a+story', [
      '-c',
      '256',
    ]);
    await run(page);
    await page.getByText('ended at the token limit').waitFor();
    expect((await output(page)).length).toBe(8);
    expect(opened!.errors).toEqual([]);
  });

  test('refuses a wrong key in one sentence', async () => {
    server = await startLlamaServer(found!.program, ['--api-key', KEY]);
    opened = await openPage();
    await connect(opened.page, 'the-wrong-key');
    await opened.page.getByText(`${server.host} answered 401: Invalid API Key.`).waitFor();
  });

  /** A run in progress: the server is resumed only for moments, until its first tokens are on the page. */
  async function halted(): Promise<Page> {
    const page = await openOn('#v=1&temperature=3&top_k=0&top_p=1&min_p=0&max_tokens=450', ['-c', '512']);
    const { process } = server!;
    process.kill('SIGSTOP');
    await run(page);
    // The run that the page opens with has gone.
    await expect.poll(() => output(page)).toEqual([]);
    while ((await output(page)).length === 0) {
      process.kill('SIGCONT');
      await page.waitForTimeout(40);
      process.kill('SIGSTOP');
      await page.waitForTimeout(400);
    }
    return page;
  }

  test('stops during a run although the server is silent', async () => {
    const page = await halted();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('stopped', { exact: true }).waitFor();
    const tokens = (await output(page)).length;
    expect(tokens).toBeGreaterThan(1);
    expect(tokens).toBeLessThan(450);
    server!.process.kill('SIGCONT');
    // The server is free for the next run.
    await run(page);
    await page.getByText(/ended (at the token limit|by its end token)/).waitFor();
  });

  test('keeps the tokens of a server that dies during a run, and says so', async () => {
    const page = await halted();
    await server!.stop();
    await page
      .getByText(/ended in the middle of the text; what came is kept/)
      .first()
      .waitFor();
    expect((await output(page)).length).toBeGreaterThan(1);
  });
});
