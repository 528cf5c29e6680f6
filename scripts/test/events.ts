/**
 * The events of a Vitest run, one line of JSON each. They are written as they happen, so that an interrupted run keeps its report.
 * Vitest's workers send theirs every 100 ms: if a test blocks its process, its last events may be missing, but not its file.
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
      /** Message of its first error. */
      readonly message?: string;
    }
  /** `ok` is also false if the file could not be loaded, or one of its hooks failed. */
  | { readonly type: 'file'; readonly file: string; readonly ok: boolean; readonly seconds: number }
  /** `errors` counts the errors outside any test. */
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
