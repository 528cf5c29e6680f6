import { expect, test } from 'vitest';
import { sentence, sum, tallyOfCheck, tallyOfVitest } from '../../scripts/test/report.ts';

const file = (status: string, ...statuses: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: statuses.map((status, i) => ({ fullName: `test ${i}`, status })),
});
const report = (success: boolean, ...testResults: ReturnType<typeof file>[]) =>
  JSON.stringify({ success, testResults });

test.each([
  ['all pass', report(true, file('passed', 'passed', 'passed')), 0, '2 passed, 0 failed'],
  ['one fails', report(false, file('failed', 'passed', 'failed')), 1, '1 passed, 1 failed'],
  [
    'skipped and todo are counted',
    report(true, file('passed', 'skipped', 'todo')),
    0,
    '0 passed, 0 failed, 2 skipped',
  ],
  [
    'a file that cannot be loaded',
    report(false, file('failed'), file('passed', 'passed')),
    1,
    '1 passed, 1 failed',
  ],
  ['an error outside any test', report(true, file('passed', 'passed')), 1, '1 passed, 1 failed'],
  ['no test at all', report(false), 1, '0 passed, 1 failed'],
  ['a run that was killed before its report', null, null, '0 passed, 1 failed'],
])('%s', (_, text, exitCode, expected) => {
  expect(sentence(tallyOfVitest(text, exitCode))).toBe(expected);
});

test('sums steps and keeps the names of what was skipped', () => {
  const total = sum([
    tallyOfCheck(true),
    tallyOfCheck(false),
    tallyOfVitest(report(true, file('passed', 'skipped')), 0),
  ]);
  expect(total).toEqual({ passed: 1, failed: 1, skipped: 1, skippedNames: ['test 0'] });
});
