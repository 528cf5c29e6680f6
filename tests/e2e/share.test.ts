import { expect, test } from 'vitest';
import { openScripted, run } from './playground_page.ts';
import { openRunFile, openWithoutModel, outputOf, pngSize, savedFile, shareLink } from './share_page.ts';
import { openPage } from '../setup/browser.ts';
import { readFragment, writeFragment } from '../../src/playground/link/fragment.ts';
import { packRecord, unpackRecord } from '../../src/playground/record/unpack.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';

const fragmentOf = (url: string): string => new URL(url).hash;

test('the address follows the settings without filling the history', async () => {
  const { page, errors, close } = await openScripted();
  const entries = await page.evaluate(() => history.length);
  await page.locator('#prompt').fill('A small boat, & more');
  await page.waitForFunction(() => location.hash.includes('prompt=A+small+boat,+%26+more'));
  await page.locator('#prompt').fill('Another');
  await page.waitForFunction(() => location.hash.includes('prompt=Another'));
  expect(await page.evaluate(() => history.length)).toBe(entries);
  expect(errors).toEqual([]);
  await close();
});

test('an address that is edited by hand takes effect, and the page names what it cannot use', async () => {
  const { page, close } = await openPage('?engine=scripted#v=1&prompt=First&t=0.3&seed=9', {
    errorNotices: /The link says t=500/,
  });
  const prompt = page.locator('#prompt');
  await expect.poll(() => prompt.inputValue()).toBe('First');
  await page.evaluate(() => (location.hash = '#v=1&prompt=Second&t=500'));
  await expect.poll(() => prompt.inputValue()).toBe('Second');
  await page.getByText('The link says t=500, but it is a number from 0 to 100').waitFor();
  await close();
});

test(
  'a link with a record opens elsewhere at once without the model, and replays with it',
  { tags: ['flow'] },
  async () => {
    const sender = await openScripted();
    await run(sender.page);
    const text = await outputOf(sender.page);
    const url = await shareLink(sender.page);
    expect(url.length).toBeLessThanOrEqual(8000);
    await sender.close();

    const reader = await openWithoutModel(fragmentOf(url));
    await expect.poll(() => outputOf(reader.page)).toBe(text);
    await reader.page.getByText('Recorded, from a link:').waitFor();
    await reader.page.getByText(/^Load Scripted storyteller/).waitFor();
    // Colours and candidates are there without any engine.
    expect(await reader.page.locator('[data-p]').last().getAttribute('class')).toMatch(/\bc\d/);
    await reader.page.getByRole('tab', { name: 'Table' }).click();
    await expect.poll(() => reader.page.getByRole('row').count()).toBeGreaterThan(3);
    expect(reader.errors).toEqual([]);
    expect(reader.foreignRequests).toEqual([]);
    await reader.close();

    const other = await openPage(`?engine=scripted${fragmentOf(url)}`);
    await other.page.getByRole('button', { name: 'Replay' }).click();
    await other.page.getByText(/Reproduced on this device token for token/).waitFor();
    expect(await outputOf(other.page)).toBe(text);
    await other.page.getByRole('button', { name: 'Certificate' }).click();
    const certificate = other.page.getByRole('dialog', { name: 'Certificate' });
    await expect.poll(() => certificate.getByLabel('Text').inputValue()).toMatch(/^Result +reproduced/m);
    expect(await certificate.getByLabel('Text').inputValue()).toMatch(/^Build +\d+\.\d+\.\d+/m);
    expect(await certificate.getByLabel('BibTeX').inputValue()).toMatch(/^@misc\{logitscope-/);
    await certificate.getByRole('button', { name: 'Close' }).click();
    await certificate.waitFor({ state: 'detached' });
    expect(other.errors).toEqual([]);
    await other.close();
  },
);

test('while the page gathers the numbers of a new choice, it does not offer the link of the old one', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  await page.getByLabel('Seed', { exact: true }).fill('7');
  await run(page);
  const one = await shareLink(page);
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByText(/the settings and this text/).waitFor();
  const offered = await page.getByLabel('all 2 texts').evaluate(async (choice: HTMLInputElement) => {
    choice.click();
    await new Promise((done) => setTimeout(done));
    return document.querySelector<HTMLTextAreaElement>('textarea[aria-label=Link]')?.value;
  });
  expect(offered).not.toBe(one);
  await page.getByText(/the settings and all 2 texts/).waitFor();
  const both = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  expect(both.length).toBeGreaterThan(one.length);
  expect(errors).toEqual([]);
  await close();
});

test('a replay that differs shows where, with both distributions', async () => {
  const sender = await openScripted();
  await run(sender.page);
  const link = readFragment(fragmentOf(await shareLink(sender.page)))!;
  await sender.close();
  const { record } = await unpackRecord(link.packed!);
  const [text] = record.lines;
  const at = text!.promptLength + 3;
  const other = text!.tokens[at]!.top.find(({ id }) => id !== text!.tokens[at]!.id)!;
  const tokens = text!.tokens.map((token, index) =>
    index === at ? { ...token, id: other.id, label: other.label, text: other.label } : token,
  );
  const packed = await packRecord({ ...record, lines: [{ ...text!, tokens }] }, 5, link.settings);

  const { page, close } = await openPage(`?engine=scripted#${writeFragment(link.settings, packed)}`);
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('First different here').waitFor();
  await page.getByText(/token\s+4:/).waitFor();
  expect(await page.getByRole('row').count()).toBeGreaterThan(4);
  await close();
});

test('a forged link gives a sentence, and no markup, request or error', async () => {
  const hostile = [
    '#v=1&prompt=<img src=x onerror="window.hurt=1">&model=<script>window.hurt=1</script>',
    '#v=1&r=AAAA',
    `#v=1&r=${'A'.repeat(5000)}`,
    '#v=1&model=https://example.org/evil.gguf',
    '#v=1&order=<b>x</b>&__proto__=1&lanes=9999999&t=,,,,,,,,,,,,,,,,,,,,,,,,,,,',
  ];
  for (const fragment of hostile) {
    const { page, errors, foreignRequests, close } = await openPage(`?engine=scripted${fragment}`, {
      errorNotices: /./,
    });
    await page
      .getByRole('button', { name: 'Run', exact: true, disabled: false })
      .waitFor()
      .catch(async () => {
        throw new Error(`${fragment}: ${await page.locator('body').innerText()}`);
      });
    expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
    expect(await page.locator('.notices img, .notices b, .notices script').count()).toBe(0);
    expect(await page.locator('.notice').count()).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    expect(foreignRequests).toEqual([]);
    await close();
  }
});

test('a model from elsewhere waits for a click that names its host', async () => {
  const { page, foreignRequests, close } = await openPage(
    '?engine=scripted#v=1&model=https://example.org/models/small-Q4_K.gguf',
  );
  await page.getByText('The link was made with small-Q4_K.gguf from example.org').waitFor();
  await page.getByRole('button', { name: 'Ask example.org for its size' }).waitFor();
  await page.waitForTimeout(500);
  expect(foreignRequests).toEqual([]);
  await close();
});

test('saved JSON opens again, OpenAI and CSV files are well formed, and pictures have their size', async () => {
  const { page, errors, close } = await openScripted();
  await run(page);
  const text = await outputOf(page);
  const json = await savedFile(page, 'JSON');
  expect(json.name).toMatch(/^once-upon-a-time.*\.logitscope\.json$/);
  const document = JSON.parse(json.bytes.toString()) as RunDocument;
  const { tokens, promptLength } = document.lines[0]!;
  expect(tokens.slice(promptLength).every(({ top }) => top.length === 20)).toBe(true);
  const openai = JSON.parse((await savedFile(page, 'OpenAI JSON')).bytes.toString());
  // A text with its prompt: a completion with `echo`.
  expect(openai.object).toBe('text_completion');
  expect(openai.choices[0].logprobs.tokens).toHaveLength(tokens.length);
  const csv = (await savedFile(page, 'CSV')).bytes.toString();
  expect(csv.split('\r\n')[0]).toContain('raw_logprob');
  expect((await savedFile(page, 'Text')).bytes.toString().trim()).toContain('Once upon a time');
  expect(pngSize((await savedFile(page, 'Card')).bytes)).toEqual([1200, 630]);
  expect(pngSize((await savedFile(page, 'Timeline')).bytes)[0]).toBe(1920);
  expect(pngSize((await savedFile(page, 'Whole vocabulary')).bytes)[0]).toBe(1120);
  await page.getByRole('dialog', { name: 'Share' }).getByText('SVG', { exact: true }).click();
  const records = new Set<string>();
  for (const name of ['Card', 'Timeline', 'Candidates', 'Through the chain', 'Whole vocabulary']) {
    const svg = (await savedFile(page, name)).bytes.toString();
    const read = await page.evaluate((file) => {
      const parsed = new DOMParser().parseFromString(file, 'image/svg+xml');
      const texts = [...parsed.querySelectorAll('text')].map((text) => text.textContent);
      return { root: parsed.documentElement.nodeName, paths: parsed.querySelectorAll('path').length, texts };
    }, svg);
    expect(read.root).toBe('svg');
    expect(read.paths).toBeGreaterThan(3);
    expect(read.texts).toContain('Temperature 0.8 · Top-k 40 · Top-p 0.95 · Min-p 0.05 · Seed 42');
    records.add(read.texts.find((text) => text?.startsWith('Logitscope · record')) ?? 'none');
    if (name === 'Timeline') expect(read.texts).toEqual(expect.arrayContaining(['nats', 'perplexity']));
  }
  // All of them are of one record.
  expect([...records]).toEqual([expect.stringMatching(/^Logitscope · record [0-9a-f]{16}$/)]);
  expect(errors).toEqual([]);
  await close();

  const reader = await openWithoutModel('', /broken\.json/);
  await openRunFile(reader.page, 'run.logitscope.json', json.bytes);
  await expect.poll(() => outputOf(reader.page)).toBe(text);
  await openRunFile(reader.page, 'answer.json', JSON.stringify(openai));
  await reader.page.getByText('Imported:').waitFor();
  await openRunFile(reader.page, 'broken.json', '{"format":');
  await reader.page.getByText('broken.json is no JSON, or was cut off').waitFor();
  expect(reader.errors).toEqual([]);
  await reader.close();
});
