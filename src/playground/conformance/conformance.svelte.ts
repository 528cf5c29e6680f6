/** The state of the conformance page: what was found here, or what a link reports. */
import type { ConformanceReport, ConformanceRow } from '../../worker/conformance/report.ts';
import { endWorker, worker } from '../connection.ts';
import { readReport } from './report_text.ts';

class Conformance {
  /** `reported`: from a link, and nothing of it was run here. */
  phase: 'idle' | 'running' | 'done' | 'reported' = $state('idle');
  rows: readonly ConformanceRow[] = $state.raw([]);
  report: ConformanceReport | null = $state.raw(null);
  problem: string | null = $state(null);

  constructor() {
    this.#readAddress();
    addEventListener('hashchange', () => this.#readAddress());
  }

  #readAddress(): void {
    const reported = this.phase === 'running' ? null : readReport(location.hash);
    if (!reported) return;
    this.phase = 'reported';
    this.report = reported;
    this.rows = reported.rows;
    this.problem = null;
  }

  /** Runs every check in the worker. */
  async run(): Promise<void> {
    if (this.phase === 'running') return;
    this.phase = 'running';
    this.report = null;
    this.rows = [];
    this.problem = null;
    // The address is no longer that of what is shown.
    history.replaceState(null, '', location.pathname + location.search);
    try {
      this.report = await worker().conformance(document.baseURI, (row) => (this.rows = [...this.rows, row]));
      this.rows = this.report.rows;
      this.phase = 'done';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.phase = 'idle';
    } finally {
      // What it holds on the GPU goes with it.
      endWorker('The checks have ended.');
    }
  }
}

export const conformance = new Conformance();
