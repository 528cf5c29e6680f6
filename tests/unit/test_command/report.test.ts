import { expect, test } from 'vitest';
import { readEvents, type TestEvent } from '../../../scripts/test/events.ts';
import { sentence, sum, tallyOfCheck, tallyOfVitest } from '../../../scripts/test/report.ts';

const file = 'tests/a.test.ts';
const begun: TestEvent = { type: 'run', files: [file] };
const begin = (name: string): TestEvent => ({ type: 'begin', file, test: name });
const over = (ok: boolean): TestEvent => ({ type: 'file', file, ok, seconds: 1 });
const end = (errors = 0): TestEvent => ({ type: 'end', errors });
const results = (...states: ('passed' | 'failed' | 'skipped')[]): TestEvent[] =>
  states.flatMap((state, i) => [begin(`test ${i}`), { type: 'result', file, test: `test ${i}`, state }]);

test.each<[string, TestEvent[], number | null, string]>([
  ['all pass', [begun, ...results('passed', 'passed'), over(true), end()], 0, '2 passed, 0 failed'],
  ['one fails', [begun, ...results('passed', 'failed'), over(false), end()], 1, '1 passed, 1 failed'],
  [
    'skipped are counted',
    [begun, ...results('skipped'), over(true), end()],
    0,
    '0 passed, 0 failed, 1 skipped',
  ],
  ['a file that cannot be loaded', [begun, over(false), end()], 1, '0 passed, 1 failed'],
  ['a hook that fails', [begun, ...results('passed'), over(false), end()], 1, '1 passed, 1 failed'],
  ['an error outside any test', [begun, ...results('passed'), over(true), end(1)], 1, '1 passed, 1 failed'],
  ['no test at all', [end()], 1, '0 passed, 1 failed'],
  ['a run that was ended before it began', [], null, '0 passed, 1 failed'],
  [
    'a run that was ended in a test',
    [begun, ...results('passed'), begin('slow')],
    null,
    '1 passed, 1 failed',
  ],
  ['a run that was ended between tests', [begun, ...results('passed')], null, '1 passed, 1 failed'],
])('%s', (_, events, exitCode, expected) => {
  expect(sentence(tallyOfVitest(events, exitCode))).toBe(expected);
});

test('the report of a killed run names the test that hung, the files that did not begin, and why tests failed', () => {
  const events: TestEvent[] = [
    { type: 'run', files: [file, 'tests/b.test.ts'] },
    ...results('passed'),
    { type: 'result', file, test: 'sad', state: 'failed', message: 'expected 1 to be 2' },
    begin('slow'),
  ];
  expect(tallyOfVitest(events, null, 'stopped at its limit of 600 s').notes).toEqual([
    'stopped at its limit of 600 s in "tests/a.test.ts: slow", with 0 of 2 files over; not begun: tests/b.test.ts',
    'tests/a.test.ts: sad: expected 1 to be 2',
  ]);
});

test('the report of a finished run also names the failures, which Vitest printed far above', () => {
  const failed: TestEvent = {
    type: 'result',
    file,
    test: 'sad',
    state: 'failed',
    message: 'expected 1 to be 2',
  };
  expect(tallyOfVitest([begun, failed, over(false), end()], 1).notes).toEqual([
    'tests/a.test.ts: sad: expected 1 to be 2',
  ]);
});

test('the report of a run that blocked before its first test names the file', () => {
  const events: TestEvent[] = [begun, { type: 'open', file }];
  expect(tallyOfVitest(events, null, 'stopped').notes).toEqual([
    `stopped in "${file}", with 0 of 1 files over`,
  ]);
});

test('reads only complete lines', () => {
  expect(readEvents(`${JSON.stringify(end())}\n{"type":"fi`)).toEqual([end()]);
});

test('sums the steps and keeps the names of skipped tests', () => {
  const total = sum([
    tallyOfCheck(true),
    tallyOfCheck(false),
    tallyOfVitest([begun, ...results('passed', 'skipped'), over(true), end()], 0),
  ]);
  expect(total).toMatchObject({ passed: 2, failed: 1, skipped: 1, skippedNames: ['test 1'] });
});
