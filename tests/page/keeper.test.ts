import { flushSync } from 'svelte';
import { beforeEach, expect, test, vi } from 'vitest';
import { EngineError } from '../../src/engines/contract.ts';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { Keeper } from '../../src/playground/history/keeper.ts';
import { keepHistory } from '../../src/playground/history/keeping.svelte.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { texts } from '../../src/playground/texts/store.svelte.ts';
import { page, sleep, until } from './page.ts';

const documents = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../src/playground/history/database.ts', () => ({
  saveEntry: (entry: { id: string }, document: unknown) => {
    documents.set(entry.id, structuredClone(document));
    return Promise.resolve();
  },
  saveSession: () => Promise.resolve(),
  readSession: () => Promise.resolve(null),
  readDocument: () => Promise.resolve(null),
}));
vi.stubGlobal('navigator', {});
vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined });

beforeEach(async () => {
  page.reset();
  playground.endRun();
  playground.clearTexts();
  playground.notices = [];
  playground.takeSettings({ ...defaultSettings(), maxTokens: 4 });
  await openScripted();
  documents.clear();
});

const kept = (): RunDocument[] => [...documents.values()] as RunDocument[];
const shown = () => ({ texts: playground.texts, comparison: null });

test('saves a text again, with its candidates, if the next run began while it was being saved', async () => {
  const keeper = new Keeper('tab');
  await run();
  const { name } = playground.text!;
  page.before = (asked) => (asked === 'evidence' ? sleep(30) : undefined);
  const writing = keeper.write(shown());
  await sleep(5);
  const again = run();
  await Promise.all([writing, again]);
  page.reset();
  await keeper.write(shown());
  const document = kept().find(({ lines: texts }) => texts[0]!.name === name);
  expect(document!.lines[0]!.tokens.at(-1)!.top.length).toBeGreaterThan(0);
});

test('does not change an entry that another tab holds, and makes a new one when the text continues here', async () => {
  const keeper = new Keeper('tab');
  await run();
  const text = playground.text!;
  keeper.adopt(text.id, 'theirs', { texts: [text], comparison: null }, false);
  await keeper.write(shown());
  expect([...documents.keys()]).toEqual([]);
  texts.change(text.id, (text) => ({ ...text, reason: 'stopped' }));
  await keeper.write(shown());
  expect(documents.size).toBe(1);
  expect(documents.has('theirs')).toBe(false);
});

test('forgets the entries of texts that have left the page', async () => {
  const keeper = new Keeper('tab');
  await run();
  const { id } = playground.text!;
  await keeper.write(shown());
  const [entry] = documents.keys();
  expect(keeper.shownAs(entry!)).toEqual([id]);
  playground.clearTexts();
  await keeper.write(shown());
  expect(keeper.shownAs(entry!)).toEqual([]);
});

test('goes on saving after the engine failed once', async () => {
  await keepHistory(false, false);
  flushSync();
  page.before = (asked) => {
    if (asked === 'evidence') throw new EngineError('device-lost', 'The GPU was lost; load the model again.');
  };
  await run();
  flushSync();
  // The text is saved without its candidates.
  await until(() => documents.size > 0);
  page.reset();
  await run();
  flushSync();
  await until(() => kept().some(({ lines: texts }) => texts[0]!.tokens.at(-1)!.top.length > 0));
  expect(playground.notices.map(({ text }) => text)).toEqual([]);
});
