import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { tallyOfCheck } from '../../../scripts/test/report.ts';
import { check, runSteps, tests } from '../../../scripts/test/step.ts';

const { signal } = new AbortController();
const limits = { limit: 60_000, signal };

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('at the time limit, finished tests are counted, unfinished ones named, and all processes ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'logitscope-hanging-'));
  const pidFile = join(folder, 'pid');
  const pid = () => Number(readFileSync(pidFile, 'utf8'));
  const args = ['--config', 'tests/unit/test_command/hanging/vitest.config.ts'];
  const late = new AbortController();
  // The limit begins to count when the test hangs, however slow the machine.
  const watch = setInterval(() => {
    try {
      if (pid() > 0) setTimeout(() => late.abort(), 500);
    } catch {
      // Not yet.
    }
  }, 100);
  const { tally } = await tests(
    'hanging',
    args,
    { limit: 60_000, signal: late.signal },
    { HANGING_PID_FILE: pidFile },
  );
  clearInterval(watch);
  expect(tally).toMatchObject({ passed: 1, failed: 1 });
  expect(tally.notes.join()).toMatch(/^hanging: .* in ".*hangs\.example\.ts: hangs"/);
  await expect.poll(() => isAlive(pid()), { timeout: 10_000 }).toBe(false);
  rmSync(folder, { recursive: true });
});

test('a check that meets its time limit fails with a sentence', async () => {
  const forEver = ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"];
  const { tally } = await check('slow', process.execPath, forEver, { limit: 500, signal });
  expect(tally).toMatchObject({ passed: 0, failed: 1, notes: ['slow: stopped at its limit of 1 s'] });
}, 30_000);

test('steps run two at a time, after the steps that they need, and a failing one hides no other', async () => {
  const log: string[] = [];
  let running = 0;
  let most = 0;
  const step = (name: string, needs?: string) => ({
    name,
    ...(needs === undefined ? {} : { needs }),
    run: async () => {
      most = Math.max(most, ++running);
      await new Promise((done) => setTimeout(done, 10));
      running--;
      log.push(name);
      if (name === 'breaks') throw new Error('no');
      return { name, seconds: 0, tally: tallyOfCheck(true) };
    },
  });
  const steps = [step('build'), step('page', 'build'), step('lint'), step('breaks'), step('unit')];
  const results = await runSteps(steps, 2, signal);
  expect(most).toBe(2);
  expect(results.map(({ name }) => name).sort()).toEqual(['breaks', 'build', 'lint', 'page', 'unit']);
  expect(log.indexOf('build')).toBeLessThan(log.indexOf('page'));
  expect(results.find(({ name }) => name === 'breaks')!.tally).toMatchObject({
    failed: 1,
    notes: ['breaks: Error: no'],
  });
});

test('only one step that takes every core runs at a time', async () => {
  let heavy = 0;
  const step = (name: string) => ({
    name,
    heavy: true as const,
    run: async () => {
      expect(++heavy).toBe(1);
      await new Promise((done) => setTimeout(done, 10));
      heavy--;
      return { name, seconds: 0, tally: tallyOfCheck(true) };
    },
  });
  const results = await runSteps([step('gpu'), step('e2e'), step('firefox')], 2, signal);
  expect(results.map(({ tally }) => tally.failed)).toEqual([0, 0, 0]);
});

test('reports a command that passes, and one that does not exist', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  expect((await check('node', process.execPath, ['--version'], limits)).tally.passed).toBe(1);
  expect((await check('none', 'no-such-program', [], limits)).tally.failed).toBe(1);
});
