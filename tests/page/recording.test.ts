/** The run that the page opens with appears only beside the settings that it belongs to. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openPageRun } from '../../src/playground/record/page_run.ts';
import type { Settings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh } from './fresh.ts';

const recording = readFileSync('static/recording.json', 'utf8');

beforeEach(() => {
  const headers = { 'content-type': 'application/json' };
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(recording, { headers })));
});
afterEach(() => vi.unstubAllGlobals());

test.each<[Partial<Settings>, number]>([
  [{ prompt: 'Once upon a time' }, 1],
  [{ prompt: 'A foreign prompt, from a link' }, 0],
  [{ prompt: 'Once upon a time', mode: 'chat' }, 0],
])('with the settings %o the page shows %i texts', async (settings, texts) => {
  await fresh(settings);
  await openPageRun(false);
  expect(playground.texts).toHaveLength(texts);
  expect(playground.settings).toMatchObject(settings);
});
