/** The page and its texts survive a worker that dies or hangs. */
import { beforeEach, expect, test, vi } from 'vitest';
import { openSecond } from '../../src/playground/across/across_actions.ts';
import { across } from '../../src/playground/across/state.svelte.ts';
import { carryOn } from '../../src/playground/branch_actions.ts';
import { worker } from '../../src/playground/connection.ts';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { refreshPrompt } from '../../src/playground/prompt_actions.ts';
import { run, stop } from '../../src/playground/texts/run_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh, notices, outputs } from './fresh.ts';
import { page, sleep, until } from './page.ts';

beforeEach(() => fresh({ maxTokens: 6 }));

test('a worker that dies rejects its pending questions', async () => {
  page.before = (name) => (name === 'tokenise' ? sleep(20) : undefined);
  const asked = worker().tokenise({ kind: 'text', text: 'x' });
  page.kill('out of memory');
  await expect(asked).rejects.toMatchObject({ code: 'worker-ended' });
});

test('the page tokenises the prompt again once a model is loaded again', async () => {
  page.before = (name) => (name === 'tokenise' ? sleep(20) : undefined);
  refreshPrompt();
  await sleep(5);
  page.kill('out of memory');
  expect(playground.engine.phase).toBe('failed');
  await openScripted();
  changeSettings({ prompt: 'Another prompt' });
  refreshPrompt();
  await until(() => playground.prompt?.text === 'Another prompt');
});

test('a streaming text ends with one notice, and can be continued after the model is loaded again', async () => {
  changeSettings({ maxTokens: 200 });
  const running = run();
  await until(() => outputs() > 2);
  page.kill('out of memory');
  await running;
  expect(playground.run.phase).toBe('idle');
  expect(playground.text!.reason).toBe('error');
  expect(notices().length).toBe(1);
  await openScripted();
  expect(notices()).toEqual([]);
  const before = outputs();
  changeSettings({ maxTokens: 3 });
  await carryOn();
  expect(notices()).toEqual([]);
  expect(outputs()).toBe(before + 3);
});

test('the second model counts as failed after the worker died', async () => {
  await openSecond({ kind: 'scripted' }, 'B');
  page.kill('out of memory');
  expect(across.second.phase).toBe('failed');
});

test('a worker that does not answer Stop is replaced, with its model and its texts', async () => {
  await run();
  const kept = playground.text!;
  changeSettings({ maxTokens: 200 });
  const running = run();
  await until(() => playground.texts.length === 2 && outputs() > 2);
  vi.useFakeTimers();
  try {
    page.before = (name) => (name === 'stop' ? new Promise(() => undefined) : undefined);
    stop();
    await vi.advanceTimersByTimeAsync(3500);
    await running;
    await vi.waitUntil(() => playground.engine.phase === 'ready');
  } finally {
    vi.useRealTimers();
  }
  expect(notices()).toEqual([
    'The engine did not answer Stop for 3 seconds, so it was started anew; your texts are still here.',
  ]);
  expect(playground.text!.reason).not.toBeNull();
  const view = await worker().inspect({ text: kept.id, position: kept.promptLength + 1 }, kept.params, {
    top: 5,
  });
  expect(view?.chosen).not.toBeNull();
});
