import { flushSync } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import { followSelection, wanted } from '../../src/playground/inspect.svelte.ts';
import { select } from '../../src/playground/selection_actions.ts';
import { changeSettings, setNumber, toggleStage } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import { root } from './effects.svelte.ts';
import { fresh } from './fresh.ts';
import { page, until } from './page.ts';

beforeEach(() => fresh());

test('the draw comes with the step, only while a view shows it, and follows the knobs', async () => {
  const end = root(() => followSelection());
  changeSettings({ maxTokens: 5 });
  await run();
  select(playground.text!.promptLength + 1);
  flushSync();
  await until(() => playground.inspected?.position === playground.selected);
  expect(playground.inspected!.view.draw).toBeUndefined();
  wanted.draw = true;
  flushSync();
  await until(() => playground.inspected?.view.draw !== undefined);
  setNumber('topK', 3);
  flushSync();
  await until(() => playground.inspected?.view.draw?.bars[1]?.count === 3);
  expect(playground.inspected!.view.draw!.bars[1]!.stage).toBe('top_k');
  const asked = page.calls.filter((name) => name === 'inspect').length;
  wanted.draw = false;
  flushSync();
  await until(() => playground.inspected?.view.draw === undefined);
  expect(page.calls.filter((name) => name === 'inspect').length).toBe(asked + 1);
  end();
});

test('a switch keeps the person’s number, and a number switches its stage on', () => {
  setNumber('topP', 0.7);
  toggleStage('top_p', false);
  expect(playground.settings.params).toMatchObject({ off: ['top_p'], topP: 0.7 });
  toggleStage('top_p', true);
  expect(playground.settings.params).toMatchObject({ off: [], topP: 0.7 });
  toggleStage('top_p', false);
  setNumber('topP', 0.5);
  expect(playground.settings.params).toMatchObject({ off: [], topP: 0.5 });
  toggleStage('typical_p', true);
  expect(playground.settings.params).toMatchObject({
    ...defaultParams(),
    order: expect.anything() as unknown,
    topP: 0.5,
    typicalP: 0.9,
  });
});
