/** What a step of `npm test` came to, and how Vitest's JSON report is read for it. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Full names of the tests that did not run. */
  readonly skippedNames: readonly string[];
}

/** The parts of Vitest's JSON report (`--reporter=json`) that count. */
interface VitestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** A check that is one command: it passed or it did not. */
export function tallyOfCheck(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, skippedNames: [] };
}

/**
 * Counts the tests of a report. A file that could not be loaded, and a run that failed without a failed test (an error
 * outside any test), count as one failure each.
 * @param text Vitest's JSON report, or null when it wrote none
 * @param exitCode Vitest's own
 */
export function tallyOfVitest(text: string | null, exitCode: number | null): Tally {
  if (text === null) return tallyOfCheck(false);
  const { testResults, success } = JSON.parse(text) as VitestReport;
  const tests = testResults.flatMap((file) => file.assertionResults);
  const unloadable = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = tests.filter((test) => test.status === 'failed').length + unloadable.length;
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const failedOutside = failed === 0 && (!success || exitCode !== 0);
  return {
    passed,
    failed: failedOutside ? 1 : failed,
    skipped: skipped.length,
    skippedNames: skipped.map((test) => test.fullName),
  };
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.reduce((total, tally) => total + tally.failed, 0),
    skipped: tallies.reduce((total, tally) => total + tally.skipped, 0),
    skippedNames: tallies.flatMap((tally) => tally.skippedNames),
  };
}

/** `12 passed, 0 failed`, and `, 3 skipped` where there are such. */
export function sentence({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
