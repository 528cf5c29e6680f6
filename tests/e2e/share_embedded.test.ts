/** Links, replays, hashes and the page without a network, with a real model: the embedded one, on the machine's own GPU. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { desktop, finished, tokens } from './playground_page.ts';
import { savedFile, shareLink } from './share_page.ts';
import { keptOffline } from './offline_page.ts';
import { openPage } from '../setup/browser.ts';
import { readFragment } from '../../src/playground/link/fragment.ts';
import { unpackRecord } from '../../src/playground/record/unpack.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';

interface Embedded {
  readonly name: string;
  readonly fileName: string;
  readonly size: number;
  readonly sha256: string;
}

const embedded = JSON.parse(readFileSync('src/models/embedded.json', 'utf8')) as Embedded | null;
const path = `static/models/${embedded?.fileName}`;
/** Whether the checkout has the model's file, which `training/` makes. */
const present = embedded !== null && existsSync(path);
const fragment = '#v=1&model=embedded&prompt=The+small+boat&max_tokens=16&t=0.9&seed=11';

async function runWhenReady(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Run', exact: true, disabled: false });
  await button.waitFor({ timeout: 60_000 });
  await button.click();
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
}

test.skipIf(!present)('a text’s link opens at once elsewhere, and every token is reproduced', async () => {
  const sender = await openPage(fragment, { viewport: desktop });
  await runWhenReady(sender.page);
  await finished(sender.page);
  const text = await tokens(sender.page);
  const url = await shareLink(sender.page);
  const json = await savedFile(sender.page, 'JSON');
  expect(sender.errors).toEqual([]);
  await sender.close();

  // What the link says about the model agrees with the file itself.
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  const { record } = await unpackRecord(readFragment(new URL(url).hash)!.packed!);
  expect(record.model).toEqual({
    name: embedded!.name,
    fileSize: embedded!.size,
    vocabularySize: 4096,
    sha256,
  });
  expect(record.engine.kind).toBe('webgpu');
  expect((JSON.parse(json.bytes.toString()) as RunDocument).model.sha256).toBe(sha256);

  const reader = await openPage(new URL(url).hash, { viewport: desktop });
  await reader.page.getByText('Recorded, from a link:').waitFor();
  expect(await tokens(reader.page)).toEqual(text);
  await reader.page.getByRole('button', { name: 'Replay', disabled: false }).click({ timeout: 60_000 });
  await reader.page.getByText(/Reproduced on this device token for token/).waitFor({ timeout: 60_000 });
  expect(await tokens(reader.page)).toEqual(text);
  expect(reader.errors).toEqual([]);
  expect(reader.foreignRequests).toEqual([]);
  await reader.close();
});

test.skipIf(!present)('a comparison of four temperatures is reproduced as one batch', async () => {
  const sender = await openPage(`${fragment}&t=0,0.5,1,1.5&view=compare`, { viewport: desktop });
  await runWhenReady(sender.page);
  await sender.page.getByText(/tok\/s in one batch/).waitFor({ timeout: 60_000 });
  const texts = await sender.page.locator('.lane .text').allInnerTexts();
  const url = await shareLink(sender.page);
  await sender.close();
  const reader = await openPage(new URL(url).hash, { viewport: desktop });
  await reader.page.getByRole('button', { name: 'Replay', disabled: false }).click({ timeout: 60_000 });
  await reader.page.getByText(/Reproduced on this device token for token/).waitFor({ timeout: 60_000 });
  expect(await reader.page.locator('.lane .text').allInnerTexts()).toEqual(texts);
  expect(reader.errors).toEqual([]);
  await reader.close();
});

test.skipIf(!present)('the record of a file from the disk names its SHA-256', async () => {
  const { page, errors, close } = await openPage('?engine=scripted#v=1&max_tokens=4', { viewport: desktop });
  // Asked for early: Playwright catches choosers only some time after it was asked to.
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Run', exact: true, disabled: false }).waitFor();
  await page.getByRole('button', { name: 'Open file' }).click();
  const chooser = await choosing;
  await chooser.setFiles(path);
  await page.locator('.chip .facts').getByText('parameters').waitFor({ timeout: 60_000 });
  await runWhenReady(page);
  await finished(page);
  const { bytes } = await savedFile(page, 'JSON');
  expect((JSON.parse(bytes.toString()) as RunDocument).model.sha256).toBe(embedded!.sha256);
  expect(errors).toEqual([]);
  await close();
});

test.skipIf(!present)('after the first visit the embedded model runs without a network', async () => {
  const { page, errors, close } = await openPage(fragment, { viewport: desktop, serviceWorkers: 'allow' });
  await keptOffline(page);
  await page.context().setOffline(true);
  await page.reload();
  await runWhenReady(page);
  await finished(page);
  expect((await tokens(page)).join('')).toMatch(/^<s>The small boat.{20}/s);
  expect(errors).toEqual([]);
  await close();
});
