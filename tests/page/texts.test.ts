/** The store holds each text once, and forgets it when no view shows it. */
import { flushSync } from 'svelte';
import { beforeEach, expect, test } from 'vitest';
import { carryOn, deleteText } from '../../src/playground/branch_actions.ts';
import { openInPlayground } from '../../src/playground/compare/lane_actions.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { texts } from '../../src/playground/texts/store.svelte.ts';
import type { StepView } from '../../src/worker/api/views.ts';
import { changesOf } from './effects.svelte.ts';
import { fresh } from './fresh.ts';
import { page } from './page.ts';

let forgotten: unknown[] = [];

beforeEach(async () => {
  await fresh({ maxTokens: 4, lanes: [{ temperature: 0.5 }, { temperature: 1 }] });
  forgotten = [];
  page.before = (name, [id]) => {
    if (name === 'forget') forgotten.push(id);
  };
});

/** Waits until messages without an answer have arrived. */
const told = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('forgets a lane that was opened in the playground when neither view holds it', async () => {
  await runComparison();
  const [first, second] = compare.comparison!.texts.map(({ id }) => id);
  expect(openInPlayground(0)).toBe(true);
  deleteText(first!);
  await told();
  expect([playground.texts, forgotten]).toEqual([[], []]);
  openInPlayground(1);
  await runComparison();
  await told();
  expect(forgotten).toEqual([first]);
  expect(playground.text!.id).toBe(second);
  deleteText(second!);
  await told();
  expect(forgotten).toEqual([first, second]);
  expect(texts.get(second!)).toBeUndefined();
});

test('a streaming lane does not re-render readers of other texts', async () => {
  await run();
  const text = changesOf(() => playground.texts);
  const lanes = changesOf(() => compare.comparison?.texts);
  flushSync();
  const running = runComparison();
  while (playground.run.phase !== 'idle') {
    flushSync();
    await told();
  }
  await running;
  flushSync();
  expect(text.count()).toBe(0);
  expect(lanes.count()).toBeGreaterThan(1);
  text.end();
  lanes.end();
});

test('holds a text until the run that continues it has ended', async () => {
  await run();
  const before = playground.text!.id;
  const going = carryOn();
  page.after = async (name) => {
    if (name !== 'run') return;
    await told();
    expect(forgotten).toEqual([]);
  };
  await going;
  await told();
  expect(forgotten).toEqual([before]);
});

test('does not show a step of a text that is not on view', async () => {
  await run();
  const { id } = playground.text!;
  await run();
  const view = { chosen: 1, rows: [], stages: [] } as unknown as StepView;
  playground.showStep({ text: id, position: 1, view });
  expect(playground.inspected).toBeNull();
});

test('only a run that has begun can decode, and an idle page has ended every text', async () => {
  await run();
  playground.prefilled({ done: 1, total: 2 });
  playground.decoded(3);
  playground.stopRun();
  expect(playground.run).toEqual({ phase: 'idle' });
  texts.change(playground.text!.id, (text) => ({ ...text, reason: null }));
  expect([playground.beginRun(), playground.beginRun()]).toEqual([true, false]);
  playground.endRun();
  expect(playground.text!.reason).toBe('stopped');
});
