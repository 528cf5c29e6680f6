import { beforeEach, expect, test, vi } from 'vitest';
import { openEntry } from '../../src/playground/history/keeping.svelte.ts';
import type * as Database from '../../src/playground/history/database.ts';
import { isStale } from '../../src/playground/prompt_actions.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { makeDocument } from '../../src/playground/record/make_document.ts';
import { makeRecord } from '../../src/playground/record/make_record.ts';
import { run } from '../../src/playground/run_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh } from './fresh.ts';

const kept = new Map<string, RunDocument>();
vi.mock('../../src/playground/history/database.ts', async (original) => ({
  ...(await original<typeof Database>()),
  readDocument: (entry: string) => Promise.resolve(kept.get(entry) ?? null),
}));

beforeEach(() => fresh({ maxTokens: 3 }));

test('the prompt follows a run that is opened from the history', async () => {
  await run();
  const record = await makeRecord({ lines: playground.lines, comparison: null }, 3);
  kept.set('first', makeDocument(record, playground.settings, 'a text'));
  changeSettings({ prompt: 'The cat' });
  expect(isStale(playground.line!)).toBe(true);
  await run();
  expect(isStale(playground.line!)).toBe(false);
  await openEntry('first', true);
  expect(playground.settings.prompt).toBe('Once upon a time');
  expect(isStale(playground.line!)).toBe(false);
});
