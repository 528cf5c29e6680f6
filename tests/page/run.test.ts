import { flushSync } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { followSelection } from '../../src/playground/inspect.svelte.ts';
import { outputText } from '../../src/playground/texts/text.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { select } from '../../src/playground/selection_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { root } from './effects.svelte.ts';
import { page, sleep, until } from './page.ts';

beforeEach(async () => {
  page.reset();
  playground.clearTexts();
  playground.notices = [];
  playground.takeSettings(defaultSettings());
  if (playground.engine.phase !== 'ready') await openScripted();
});

test('a run writes a text of the requested length, and says why it ended', async () => {
  changeSettings({ maxTokens: 5 });
  await run();
  const text = playground.text!;
  expect(text.length - text.promptLength).toBe(5);
  expect(outputText(text)).not.toBe('');
  expect(text.reason).toBe('max-tokens');
  expect(playground.notices).toEqual([]);
});

test('the inspector shows the held step', async () => {
  const end = root(() => followSelection());
  changeSettings({ maxTokens: 5 });
  await run();
  page.before = (name) => (name === 'inspect' ? sleep(5) : undefined);
  select(playground.text!.promptLength + 1);
  flushSync();
  await until(() => playground.inspected?.position === playground.selected);
  expect(playground.inspected?.text).toBe(playground.current);
  end();
});
