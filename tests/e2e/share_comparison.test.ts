import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, openScripted } from './playground_page.ts';
import { openRunFile, openWithoutModel, pngSize, savedFile, shareLink } from './share_page.ts';
import { openPage } from '../setup/browser.ts';
import { readFragment, writeFragment } from '../../src/playground/link/fragment.ts';
import { packRecord, unpackRecord } from '../../src/playground/record/unpack.ts';

const fragmentOf = (url: string): string => new URL(url).hash;

async function toCompare(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Compare' }).click();
}

async function runCompared(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(/tok\/s in one batch/).waitFor();
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
}

const laneTexts = (page: Page): Promise<string[]> => page.locator('.lane .text').allInnerTexts();

async function replay(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Replay' }).click();
}

test('a comparison opens elsewhere as the same comparison, and replays as one', async () => {
  const sender = await openScripted();
  await toCompare(sender.page);
  // The toggle's own box is covered.
  await sender.page.getByRole('switch', { name: /Common random numbers/ }).click();
  await runCompared(sender.page);
  const texts = await laneTexts(sender.page);
  expect(new Set(texts).size).toBe(4);
  const url = await shareLink(sender.page);
  expect(url.length).toBeLessThanOrEqual(8000);
  // Every chart of the view becomes a picture at twice its size, and the CSV has a row per token of each lane.
  expect(pngSize((await savedFile(sender.page, 'Card')).bytes)).toEqual([1200, 630]);
  expect(pngSize((await savedFile(sender.page, 'Lanes at the step')).bytes)[0]).toBe(1280);
  expect(pngSize((await savedFile(sender.page, 'Entropy of all lanes')).bytes)[0]).toBe(1920);
  expect(pngSize((await savedFile(sender.page, 'Temperature strip')).bytes)[0]).toBe(1280);
  const csv = (await savedFile(sender.page, 'CSV')).bytes.toString().trim().split('\r\n');
  const lanes = csv.slice(1).map((row) => row.split(',').slice(0, 2).join());
  expect(new Set(lanes)).toEqual(new Set(['lane a,a', 'lane b,b', 'lane c,c', 'lane d,d']));
  const answer = JSON.parse((await savedFile(sender.page, 'OpenAI JSON')).bytes.toString());
  expect(answer.choices).toHaveLength(4);
  await sender.page.keyboard.press('Escape');
  expect(sender.errors).toEqual([]);
  await sender.close();

  const reader = await openWithoutModel(fragmentOf(url));
  await reader.page.getByText('Recorded, from a link:').waitFor();
  await reader.page.getByText(/^Load Scripted storyteller/).waitFor();
  expect(await laneTexts(reader.page)).toEqual(texts);
  // Lanes, parameters and luck are the same, and the step's charts need no engine.
  const lane = (letter: string) =>
    reader.page.getByRole('textbox', { name: `Temperature of lane ${letter}` });
  expect(await lane('d').inputValue()).toBe('1.2');
  expect(await reader.page.getByRole('switch', { name: /Common random numbers/ }).isChecked()).toBe(false);
  await reader.page
    .getByRole('img', { name: /Final probabilities of 4 lanes at output token 1\. Lane a: \S+ 100/ })
    .waitFor();
  expect(await reader.page.locator('.charts canvas').count()).toBe(5);
  expect(reader.errors).toEqual([]);
  expect(reader.foreignRequests).toEqual([]);
  await reader.close();

  const other = await openPage(`?engine=scripted${fragmentOf(url)}`, { viewport: desktop });
  await replay(other.page);
  await other.page.getByText(/Reproduced on this device token for token/).waitFor();
  expect(await laneTexts(other.page)).toEqual(texts);
  // From then on the page computes the charts here.
  await other.page.getByRole('slider', { name: 'Temperature of lane a' }).waitFor();
  // The restored knobs give the same texts.
  await runCompared(other.page);
  expect(await laneTexts(other.page)).toEqual(texts);
  expect(other.errors).toEqual([]);
  await other.close();
});

test.each([
  [
    'a vote',
    'strategy=majority-vote&n=6&answer=regex&answer_pattern=%5Cb(king%7Cqueen%7Cboat%7Cfather)',
    /agreement/,
  ],
  ['best of N', 'strategy=best-of-n&n=5&score=shortest', /wins/],
  ['first valid', 'strategy=first-valid&n=4&verify=length&shortest=60&longest=400', /was valid first/],
  ['a beam search', 'strategy=beam&width=3', /branches, \d+ pruned/],
])('%s: the outcome opens with it, and its branches are reproduced', async (name, settings, outcome) => {
  const fragment = `#v=1&model=scripted&view=compare&prompt=Once+upon+a+time&max_tokens=24&${settings}`;
  // The tree has 1,400 pixels here, as in a picture.
  const viewport = name === 'a beam search' ? { width: 1817, height: 900 } : desktop;
  const sender = await openPage(`?engine=scripted${fragment}`, { viewport });
  await runCompared(sender.page);
  const said = await sender.page.getByText(outcome).first().innerText();
  const url = await shareLink(sender.page);
  if (name === 'a beam search') {
    // The picture has the whole tree, even beyond the page, with a margin and at twice its size.
    const sheet = await sender.page.locator('.sheet').evaluate((tree: HTMLElement) => ({
      width: tree.offsetWidth,
      height: tree.offsetHeight,
    }));
    const { bytes } = await savedFile(sender.page, 'Tree of beams');
    const [wide, high] = pngSize(bytes);
    expect(wide).toBe(2 * (sheet.width + 28));
    // Its title and notes stand above and below the tree.
    expect(high).toBeGreaterThan(2 * (sheet.height + 28));
    mkdirSync('test-results', { recursive: true });
    writeFileSync('test-results/beams.png', bytes);
  }
  await sender.close();

  const { page, errors, close } = await openPage(`?engine=scripted${fragmentOf(url)}`, { viewport: desktop });
  await page.getByText('Recorded, from a link:').waitFor();
  const opened = await page.getByText(outcome).first().innerText();
  // The record of a long beam search has the ended beams, and as many pruned ones as fit.
  if (name !== 'a beam search') expect(opened).toBe(said);
  await replay(page);
  await page.getByText(/Reproduced on this device token for token/).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('a pattern from a link that never finishes is stopped and named, and the page goes on', async () => {
  const pattern = '^([^#]+\\s?)+#$';
  const settings = `strategy=first-valid&n=3&verify=regex&pattern=${encodeURIComponent(pattern)}`;
  const fragment = `#v=1&model=scripted&view=compare&prompt=Once+upon+a+time&max_tokens=40&${settings}`;
  const { page, errors, close } = await openPage(`?engine=scripted${fragment}`, {
    viewport: desktop,
    errorNotices: /took longer than 250 ms/,
  });
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByText(`The regular expression "${pattern}" took longer than 250 ms`).first().waitFor();
  expect((await laneTexts(page)).every((text) => text.length > 20)).toBe(true);
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('a comparison that differs shows the lane, the token, and both distributions', async () => {
  const sender = await openScripted();
  await toCompare(sender.page);
  await runCompared(sender.page);
  const link = readFragment(fragmentOf(await shareLink(sender.page)))!;
  await sender.close();
  const { record } = await unpackRecord(link.packed!);
  const texts = record.lines.map((text, lane) => {
    if (lane !== 2) return text;
    const at = text.promptLength + 4;
    const other = text.tokens.find(({ id }) => id !== text.tokens[at]!.id && id > 20)!;
    const changed = { ...text.tokens[at]!, id: other.id, label: other.label, text: other.text };
    return { ...text, tokens: text.tokens.map((token, position) => (position === at ? changed : token)) };
  });
  const packed = await packRecord({ ...record, lines: texts }, 2, link.settings);
  const fragment = writeFragment(link.settings, packed);
  const { page, errors, close } = await openPage(`?engine=scripted#${fragment}`, { viewport: desktop });
  await replay(page);
  await page.getByText('First different here').waitFor();
  await page.getByText(/at lane c, token 5:/).waitFor();
  const table = page.getByRole('region', { name: 'Recorded' }).getByRole('row');
  expect(await table.count()).toBeGreaterThan(4);
  await page.getByText('First different here').click();
  await page.locator('.charts').getByText('token 5').waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('a file of a comparison opens as a comparison, and the charts show an imported answer’s numbers', async () => {
  const sender = await openScripted();
  await toCompare(sender.page);
  await runCompared(sender.page);
  const texts = await laneTexts(sender.page);
  const json = await savedFile(sender.page, 'JSON');
  await sender.close();

  const { page, errors, close } = await openWithoutModel('');
  await openRunFile(page, json.name, json.bytes);
  await page.getByText('Recorded, from a file:').waitFor();
  await expect.poll(() => laneTexts(page)).toEqual(texts);
  // A file has room for every step, so the last one has as many candidates as the first.
  await page.getByRole('group', { name: /^The lanes' texts/ }).focus();
  await page.keyboard.press('End');
  await page.getByRole('img', { name: /^Final probabilities of \d lanes at output token 1\d\d/ }).waitFor();

  const scored = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token)] });
  const content = [
    { ...scored('Hel', -0.1), top_logprobs: [scored('Hel', -0.1), scored('Hi', -2.5)] },
    { ...scored('lo', -0.7), top_logprobs: [scored('p', -0.69), scored('lo', -0.7), scored('met', -4)] },
  ];
  const answer = { model: 'cloud-1', choices: [{ finish_reason: 'length', logprobs: { content } }] };
  await openRunFile(page, 'answer.json', JSON.stringify(answer));
  await page.getByText('Imported:').waitFor();
  await page.getByText('output token 2', { exact: false }).waitFor();
  await page.getByRole('tab', { name: 'Table' }).click();
  // exp(−0.7) = 49.7 %, second to exp(−0.69) = 50.2 %.
  await page.getByRole('row', { name: /lo.*49\.7/ }).waitFor();
  await page.getByRole('row', { name: /p.*50\.2/ }).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('comparisons survive a reload, and can be named, deleted, restored and shown again', async () => {
  const { page, errors, close } = await openScripted();
  await toCompare(page);
  await runCompared(page);
  const first = await laneTexts(page);
  await page.locator('#prompt').fill('The dog');
  // A second comparison right after the first: neither is lost.
  await page.waitForTimeout(300);
  await runCompared(page);
  const second = await laneTexts(page);
  await page.waitForTimeout(2000);
  await page.reload();
  await expect.poll(() => laneTexts(page)).toEqual(second);

  await page.getByRole('button', { name: 'History' }).click();
  const dialog = page.getByRole('dialog', { name: 'History' });
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(2);
  await dialog.getByRole('searchbox').fill('4 lanes');
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(2);
  await dialog.getByRole('searchbox').fill('once upon');
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(1);
  await dialog.getByRole('button', { name: /^Rename/ }).click();
  await dialog.getByLabel('Name of this run').fill('Four temperatures');
  await page.keyboard.press('Enter');
  await dialog.getByRole('searchbox').fill('');
  await dialog.getByRole('button', { name: 'Delete Four temperatures' }).click();
  await expect.poll(() => dialog.getByRole('listitem').count()).toBe(1);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Undo' }).click();
  // Opened from another view, the page switches to the comparison, with its prompt.
  await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'Playground' }).click();
  await page.getByRole('button', { name: 'History' }).click();
  await dialog.getByRole('button', { name: /^Four temperatures/ }).click();
  await expect.poll(() => laneTexts(page)).toEqual(first);
  expect(await page.locator('#prompt').inputValue()).toBe('Once upon a time');
  // Its model is loaded, so the charts are live.
  await page.getByRole('slider', { name: 'Temperature of lane a' }).waitFor();
  expect(errors).toEqual([]);
  await close();
});

test('a tab that crashes while lanes stream leaves them in the history', async () => {
  const { page, close } = await openScripted({}, 40);
  await toCompare(page);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.waitForTimeout(3000);
  const url = page.url();
  const context = page.context();
  await page.close({ runBeforeUnload: false });
  const next = await context.newPage();
  await next.goto(url.replace(/#.*/, ''));
  await next.getByRole('button', { name: 'History' }).click();
  await next.getByText(/4 lanes/).waitFor();
  await next.getByRole('button', { name: /^Once upon a time: T 0/ }).click();
  await expect
    .poll(async () => (await laneTexts(next)).map((text) => text.length > 10))
    .toEqual([true, true, true, true]);
  // Its lanes count as stopped, and every figure is there.
  expect(await next.locator('.lane').first().innerText()).toContain('stopped');
  await close();
});
