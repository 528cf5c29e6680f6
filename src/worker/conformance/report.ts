/** What the conformance page shows: plain values, which cross the worker's boundary and go into a file or a link. */

export const GROUPS = ['kernels', 'sampling', 'model', 'speed'] as const;
export type ConformanceGroup = (typeof GROUPS)[number];

export interface ConformanceRow {
  readonly group: ConformanceGroup;
  readonly name: string;
  /** `info`: a figure that is neither right nor wrong. */
  readonly outcome: 'ok' | 'failed' | 'info';
  /** What was compared, and how large the error was. */
  readonly detail: string;
}

export interface ConformanceReport {
  /** ISO 8601, in UTC, to the minute. */
  readonly at: string;
  readonly adapter: string;
  /** The browser's own name for itself. */
  readonly browser: string;
  readonly numerics: string;
  readonly rows: readonly ConformanceRow[];
}
