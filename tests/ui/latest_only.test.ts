import { expect, test } from 'vitest';
import { latestOnly } from '../../src/playground/latest_only.ts';

test('runs one task at a time, and only the last of the inputs that came meanwhile', async () => {
  const seen: number[] = [];
  let running = 0;
  let release: (() => void)[] = [];
  const ask = latestOnly(async (input: number) => {
    running++;
    expect(running).toBe(1);
    seen.push(input);
    await new Promise<void>((resolve) => release.push(resolve));
    running--;
  });
  for (const input of [1, 2, 3, 4]) ask(input);
  expect(seen).toEqual([1]);
  const settle = async (): Promise<void> => {
    for (const let_go of release) let_go();
    release = [];
    await new Promise((resolve) => setTimeout(resolve));
  };
  await settle();
  expect(seen).toEqual([1, 4]);
  await settle();
  ask(5);
  expect(seen).toEqual([1, 4, 5]);
  await settle();
});
