/** Idle means that nothing runs, and that every text has an end. */
import { beforeEach, expect, test } from 'vitest';
import { openSecond, runAcross } from '../../src/playground/across/across_actions.ts';
import { across } from '../../src/playground/across/state.svelte.ts';
import { carryOn, deleteText, stepOnce } from '../../src/playground/branch_actions.ts';
import { run, stop } from '../../src/playground/texts/run_actions.ts';
import { changeSettings, setGrammar } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh, notices, outputs } from './fresh.ts';
import { page, sleep, until } from './page.ts';

beforeEach(() => fresh({ maxTokens: 6 }));

test('Stop during the prefill ends the text, which can then be deleted', async () => {
  const running = run();
  await until(() => playground.texts.length > 0);
  stop();
  await running;
  expect(playground.run.phase).toBe('idle');
  const [text] = playground.texts;
  expect(text!.reason).toBe('stopped');
  deleteText(text!.id);
  expect(playground.texts).toEqual([]);
});

test('Stop before the first new token leaves a continued text unchanged', async () => {
  await run();
  const before = playground.text!;
  const going = carryOn();
  await until(() => playground.text!.id !== before.id);
  stop();
  await going;
  expect(playground.text).toEqual(before);
});

test('a run that the worker refuses leaves a continued text unchanged, and it can be continued again', async () => {
  await run();
  const before = playground.text!;
  const first = page.calls.length;
  page.before = (name) => {
    if (name === 'run' && !page.calls.slice(first, -1).includes('run'))
      throw new Error('The engine was busy.');
  };
  await carryOn();
  expect(playground.text).toEqual(before);
  expect(notices()).toEqual(['The engine was busy.']);
  await carryOn();
  expect(notices()).toEqual([]);
  expect(outputs()).toBeGreaterThan(6);
});

test('pressing Step twice while a grammar is checked makes one step', async () => {
  await run();
  setGrammar({ kind: 'regex', source: '.*' });
  await Promise.all([stepOnce(), stepOnce()]);
  expect(notices()).toEqual([]);
  expect(playground.texts.map(({ reason }) => reason)).toEqual(['stopped']);
  expect(outputs()).toBe(7);
});

test('Stop before the request reaches the worker prevents the run', async () => {
  page.before = (name) => (name === 'tokenise' ? sleep(20) : undefined);
  const running = run();
  await sleep(5);
  stop();
  await running;
  expect(page.calls).not.toContain('run');
  expect(playground.texts).toEqual([]);
});

test('Stop in the first half of a duel ends both texts', async () => {
  changeSettings({ maxTokens: 40 });
  await openSecond({ kind: 'scripted' }, 'B');
  const duel = runAcross();
  await until(() => (across.duel?.texts[0].length ?? 0) > (across.duel?.texts[0].promptLength ?? 0) + 2);
  stop();
  await duel;
  expect(page.calls).not.toContain('runSecond');
  expect(across.duel!.texts.map(({ reason }) => reason)).toEqual(['stopped', 'stopped']);
  expect(across.duel!.texts[1].length).toBe(across.duel!.texts[1].promptLength);
});

test('after Step a text counts as stopped, not as cut by a limit, and the next Step continues it', async () => {
  await stepOnce();
  expect([outputs(), playground.text!.reason, playground.selected]).toEqual([
    1,
    'stopped',
    playground.text!.length,
  ]);
  await stepOnce();
  expect([outputs(), playground.texts.length]).toEqual([2, 1]);
});

test('Step draws the first token after the prompt on view, not the next one of a text from another prompt', async () => {
  await run();
  changeSettings({ prompt: 'The cat' });
  await stepOnce();
  expect(playground.texts.length).toBe(2);
  expect([outputs(), playground.text!.source]).toEqual([1, { kind: 'text', text: 'The cat' }]);
});
