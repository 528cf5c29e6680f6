import { beforeEach, expect, test, vi } from 'vitest';
import { bringRun, runHere } from '../../src/playground/run_command.ts';
import { changeView } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { fresh } from './fresh.ts';

beforeEach(() => fresh({ maxTokens: 3 }));

test('pressing Run before the lanes are fetched runs the lanes, and not the text behind them', async () => {
  const command = vi.fn(() => Promise.resolve());
  changeView({ page: 'compare' });
  await runHere();
  expect(playground.run.phase).toBe('idle');
  expect(playground.texts).toEqual([]);
  const takeBack = bringRun(command);
  expect(command).toHaveBeenCalledTimes(1);
  await runHere();
  expect(command).toHaveBeenCalledTimes(2);
  takeBack();
});

test('pressing Run has no effect if the person leaves the view before it is fetched', async () => {
  const command = vi.fn(() => Promise.resolve());
  changeView({ page: 'compare' });
  await runHere();
  changeView({ page: 'sample' });
  changeView({ page: 'compare' });
  bringRun(command)();
  expect(command).not.toHaveBeenCalled();
  changeView({ page: 'sample' });
  await runHere();
  expect(playground.texts).toHaveLength(1);
});
