import { beforeEach, expect, test, vi } from 'vitest';
import { openEntry } from '../../src/playground/history/keeping.svelte.ts';
import { deleteEntry } from '../../src/playground/history/history_actions.ts';
import type * as Database from '../../src/playground/history/database.ts';
import { isStale } from '../../src/playground/prompt_actions.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { makeDocument } from '../../src/playground/record/make_document.ts';
import { makeRecord } from '../../src/playground/record/make_record.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh, notices } from './fresh.ts';

const kept = new Map<string, RunDocument>();
vi.mock('../../src/playground/history/database.ts', async (original) => ({
  ...(await original<typeof Database>()),
  readDocument: (entry: string) => Promise.resolve(kept.get(entry) ?? null),
  removeEntry: (entry: string) => Promise.resolve(void kept.delete(entry)),
  saveEntry: ({ id }: { id: string }, document: RunDocument) => Promise.resolve(void kept.set(id, document)),
}));

beforeEach(() => fresh({ maxTokens: 3 }));

test('opening a run from the history also restores its prompt', async () => {
  await run();
  const record = await makeRecord({ texts: playground.texts, comparison: null }, 3);
  kept.set('first', makeDocument(record, playground.settings, 'a text'));
  changeSettings({ prompt: 'The cat' });
  expect(isStale(playground.text!)).toBe(true);
  await run();
  expect(isStale(playground.text!)).toBe(false);
  await openEntry('first', true);
  expect(playground.settings.prompt).toBe('Once upon a time');
  expect(isStale(playground.text!)).toBe(false);
});

test('undo restores a deleted run in the list, without a notice behind the dialog', async () => {
  await run();
  const record = await makeRecord({ texts: playground.texts, comparison: null }, 3);
  const document = makeDocument(record, playground.settings, 'a text');
  kept.set('gone', document);
  const entry = {
    id: 'gone',
    title: 'a text',
    named: false,
    pinned: true,
    savedAt: 1,
    model: '',
    tokens: 3,
    text: '',
  };
  const undo = await deleteEntry(entry);
  expect(kept.has('gone')).toBe(false);
  expect(notices()).toEqual([]);
  await undo!();
  expect(kept.get('gone')).toBe(document);
});
