/** A deleted text comes back with its place, its branches and its evidence. */
import { beforeEach, expect, test } from 'vitest';
import { branchWith, carryOn, deleteText } from '../../src/playground/branch_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { select } from '../../src/playground/selection_actions.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { texts } from '../../src/playground/texts/store.svelte.ts';
import { worker } from '../../src/playground/connection.ts';
import { fresh } from './fresh.ts';
import { until } from './page.ts';

const undo = (): void => playground.notices.find(({ action }) => action?.label === 'Undo')!.action!.run();

beforeEach(() => fresh({ maxTokens: 4 }));

async function branch(at: number): Promise<number> {
  select(playground.text!.promptLength + at);
  await branchWith(playground.text!.chunks[0]!.tokens[0]!.token);
  return playground.current!;
}

test('a deleted text comes back under its parent, with its branches and its logits', async () => {
  await run();
  const root = playground.current!;
  const middle = await branch(2);
  const leaf = await branch(3);
  const before = playground.texts.find(({ id }) => id === middle)!;
  deleteText(middle);
  expect(playground.texts.find(({ id }) => id === leaf)!.parent).toBe(root);
  expect(texts.get(middle)).toBeUndefined();
  undo();
  expect(playground.text).toEqual(before);
  expect(playground.texts.find(({ id }) => id === leaf)!.parent).toBe(middle);
  const place = { text: middle, position: before.length - 1 };
  const step = await worker().inspect(place, before.params, { top: 5 });
  expect(step).not.toBeNull();
  await carryOn();
  expect(playground.text!.length).toBeGreaterThan(before.length);
});

test('a text whose parent is gone too comes back as a text of its own', async () => {
  await run();
  const root = playground.current!;
  const child = await branch(2);
  deleteText(child);
  const { action } = playground.notices.at(-1)!;
  deleteText(root);
  expect(playground.texts).toEqual([]);
  action!.run();
  await until(() => playground.texts.length === 1);
  expect(playground.text!.id).toBe(child);
  expect(playground.text!.parent).toBeNull();
});

test('the offer goes with the next deletion and with the next run', async () => {
  await run();
  const child = await branch(1);
  const other = await branch(2);
  deleteText(other);
  deleteText(child);
  expect(playground.notices.map(({ text }) => text)).toHaveLength(1);
  changeSettings({ maxTokens: 2 });
  await run();
  expect(playground.notices).toEqual([]);
});
