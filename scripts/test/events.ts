/**
 * What happens in a run of Vitest, one line of JSON each: written as it happens, so that a run
 * that is ended keeps its report. Vitest's workers hand theirs over every 100 ms: what a test did just before it blocked its
 * process is not in it, its file is.
 */
export type TestEvent =
  /** The files that will run. */
  | { readonly type: 'run'; readonly files: readonly string[] }
  | { readonly type: 'open'; readonly file: string }
  | { readonly type: 'begin'; readonly file: string; readonly test: string }
  | {
      readonly type: 'result';
      readonly file: string;
      readonly test: string;
      readonly state: TestState;
      /** Of its first error. */
      readonly message?: string;
    }
  /** `ok` is false too where the file could not be loaded, or a hook of it failed. */
  | { readonly type: 'file'; readonly file: string; readonly ok: boolean; readonly seconds: number }
  /** `errors` counts those outside any test. */
  | { readonly type: 'end'; readonly errors: number };

export type TestState = 'passed' | 'failed' | 'skipped';

/** The file that the reporter appends to. */
export const EVENTS_FILE_VARIABLE = 'LOGITSCOPE_TEST_EVENTS';

/** @param text lines; the last one may have been cut off */
export function readEvents(text: string): TestEvent[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TestEvent);
}
