/** The result of a step of `npm test`. */
import type { TestEvent, TestState } from './events.ts';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Full names of the tests that did not run. */
  readonly skippedNames: readonly string[];
  /** Sentences on what prevented a step from finishing. */
  readonly notes: readonly string[];
}

/** A check is a single command that passes or fails. */
export function tallyOfCheck(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, skippedNames: [], notes: [] };
}

/**
 * Counts the tests of a run. Each of these counts as one failure: a test that was running when the run was ended, a file that could
 * not be loaded, and a run that failed without a failed test (an error outside any test).
 * @param exitCode Vitest's own, or null if it was killed
 * @param ending why it ended early, for the note
 */
export function tallyOfVitest(
  events: readonly TestEvent[],
  exitCode: number | null,
  ending = `it ended with code ${exitCode}`,
): Tally {
  const results = events.filter((event) => event.type === 'result');
  const count = (state: TestState): number => results.filter((result) => result.state === state).length;
  const files = events.filter((event) => event.type === 'file');
  const unloadable = files.filter(
    ({ file, ok }) => !ok && !results.some((result) => result.file === file && result.state === 'failed'),
  );
  const goingOn = unfinished(events);
  const whole = events.some((event) => event.type === 'end');
  const failed = count('failed') + unloadable.length + (whole ? 0 : goingOn.length);
  const failedOutside = failed === 0 && (!whole || exitCode !== 0);
  const notes = unloadable.map(({ file }) => `${file} could not be loaded, or failed outside its tests`);
  if (!whole) notes.push(endedEarly(events, goingOn, ending));
  // Vitest also reports failures, but far above the end of a long log, and not at all if it was killed.
  for (const { file, test, state, message } of results)
    if (state === 'failed') notes.push(`${file}: ${test}: ${message ?? 'failed'}`);
  return {
    passed: count('passed'),
    failed: failedOutside ? 1 : failed,
    skipped: count('skipped'),
    skippedNames: results.filter(({ state }) => state === 'skipped').map(({ test }) => test),
    notes,
  };
}

/** `file: test` of each test that began and has no result. */
function unfinished(events: readonly TestEvent[]): string[] {
  const open = new Set<string>();
  for (const event of events) {
    if (event.type === 'begin') open.add(`${event.file}: ${event.test}`);
    if (event.type === 'result') open.delete(`${event.file}: ${event.test}`);
  }
  return [...open];
}

function endedEarly(events: readonly TestEvent[], goingOn: readonly string[], ending: string): string {
  const all = events.flatMap((event) => (event.type === 'run' ? event.files : []));
  const over = new Set(events.flatMap((event) => (event.type === 'file' ? [event.file] : [])));
  const begun = new Set(events.flatMap((event) => ('file' in event ? [event.file] : [])));
  const open = goingOn.length > 0 ? goingOn : [...begun].filter((file) => !over.has(file));
  const where = open.length > 0 ? ` in ${open.map((name) => `"${name}"`).join(' and ')}` : '';
  const rest = all.filter((file) => !begun.has(file));
  const left = rest.length > 0 ? `; not begun: ${rest.join(', ')}` : '';
  return `${ending}${where}, with ${over.size} of ${all.length} files over${left}`;
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, tally) => total + tally.passed, 0),
    failed: tallies.reduce((total, tally) => total + tally.failed, 0),
    skipped: tallies.reduce((total, tally) => total + tally.skipped, 0),
    skippedNames: tallies.flatMap((tally) => tally.skippedNames),
    notes: tallies.flatMap((tally) => tally.notes),
  };
}

/** `12 passed, 0 failed`, with `, 3 skipped` if some were. */
export function sentence({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
