import { beforeEach, expect, test } from 'vitest';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { openLink } from '../../src/playground/link/open_link.ts';
import { readFragment } from '../../src/playground/link/fragment.ts';
import { recordedLink } from '../../src/playground/link/share.ts';
import { exportRun } from '../../src/playground/exchange/exchange_actions.ts';
import { certificateOf } from '../../src/playground/record/certificate.ts';
import { makeRecord, type Recordable } from '../../src/playground/record/make_record.ts';
import { opened } from '../../src/playground/record/opened.svelte.ts';
import { recordHash } from '../../src/playground/record/record_hash.ts';
import { replay } from '../../src/playground/record/replay.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { page } from './page.ts';

const build = '0.1.0+a9f74281';

beforeEach(async () => {
  page.reset();
  playground.clearTexts();
  playground.notices = [];
  playground.takeSettings(defaultSettings());
  compare.clear();
  opened.set(null);
  if (playground.engine.phase !== 'ready') await openScripted();
});

async function text(): Promise<Recordable> {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  return { texts: [playground.text!], comparison: null };
}

async function openAgain(subject: Recordable): Promise<void> {
  const { url } = await recordedLink(subject);
  await openLink(readFragment(new URL(url).hash)!);
}

test('a record has a certificate only once it was reproduced', async () => {
  const subject = await text();
  const hash = await recordHash(await makeRecord(subject, 0));
  await openAgain(subject);
  expect(await certificateOf(opened.current!, build)).toBeNull();
  await replay();
  const found = (await certificateOf(opened.current!, build))!;
  expect(found.text).toMatch(/^Result +reproduced token for token: 12 drawn$/m);
  expect(found.text).toMatch(/^Numbers +\d+ compared, max \|Δ\| (0|\d\S*) nats$/m);
  expect(found.text).toMatch(new RegExp(`^Record +SHA-256 ${hash}$`, 'm'));
  expect(found.text).toMatch(/^Model +Scripted storyteller/m);
  expect(found.text).toMatch(/^Settings +Temperature 0.8, .*Top-k 40, .*Min-p 0.05, .*Seed 42$/m);
  expect(found.text).toMatch(/^Build +0\.1\.0\+a9f74281$/m);
  expect(found.text).toMatch(/^Date +20\d\d-\d\d-\d\dT\S+Z$/m);
  // A scripted model has no file, so its hash is not known.
  expect(found.text).not.toContain('Model file');
  expect(found.text).not.toMatch(/null|undefined|unknown/);
});

test('the entry for BibTeX is complete, and TeX finds no command in it', async () => {
  await openAgain(await text());
  await replay();
  const { bibtex } = (await certificateOf(opened.current!, build))!;
  expect(bibtex).toMatch(/^@misc\{logitscope-[0-9a-f]{16},\n/);
  for (const field of ['title', 'howpublished', 'year', 'month', 'note'])
    expect(bibtex).toMatch(new RegExp(`^  ${field} += \\{.+\\},$`, 'm'));
  // Whatever is special in TeX has a backslash before it, but for the braces of the fields.
  const plain = bibtex.replace(/\\[\\{}%#$&_]|\\text\w+\{\}|\$\\\w+\$/g, '');
  expect(plain).not.toMatch(/[\\%#$&_~^|Δ]/);
  expect(plain.match(/\{/g)).toHaveLength(plain.match(/\}/g)!.length);
});

test('a record that differs has none', async () => {
  const fragment = new URL((await recordedLink(await text())).url).hash;
  await openLink(readFragment(fragment.replace('seed=42', 'seed=7'))!);
  await replay();
  expect(opened.current!.replay.phase).toBe('differs');
  expect(await certificateOf(opened.current!, build)).toBeNull();
});

test.each(['lanes', 'best-of-n', 'beam'] as const)(
  'a run has one hash on the page, in a link and in a file: %s',
  async (kind) => {
    const { method } = defaultSettings();
    changeSettings({
      maxTokens: 8,
      lanes: [{ temperature: 0.2 }, { temperature: 1.3, topK: 7 }],
      method: { ...method, kind, samples: 3, width: 3 },
    });
    await runComparison();
    const subject = { texts: compare.comparison!.texts, comparison: compare.comparison };
    const here = await recordHash(await makeRecord(subject, 0));
    const file = JSON.parse(await (await exportRun('json', subject)).text()) as RunDocument;
    expect(await recordHash(file)).toBe(here);
    await openAgain(subject);
    expect(await recordHash(opened.current!.record)).toBe(here);
  },
);

test('another token, another seed and another model change the hash', async () => {
  const record = await makeRecord(await text(), 0);
  const [line] = record.lines;
  const others = [
    { ...record, lines: [{ ...line!, params: { ...line!.params, seed: 7 } }] },
    { ...record, lines: [{ ...line!, tokens: line!.tokens.slice(0, -1) }] },
    { ...record, model: { ...record.model, sha256: 'a'.repeat(64) } },
  ];
  const hashes = await Promise.all([record, ...others].map(recordHash));
  expect(new Set(hashes).size).toBe(4);
});
