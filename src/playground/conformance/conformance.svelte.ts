/** The state of the conformance page: the results of this browser, or those in a link. */
import type { ConformanceReport, ConformanceRow } from '../../worker/conformance/report.ts';
import { endWorker, worker } from '../connection.ts';
import { readReport } from './report_text.ts';

class Conformance {
  /** `reported`: the rows come from a link, and nothing ran here. */
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
    // The address no longer names the rows on view.
    history.replaceState(null, '', location.pathname + location.search);
    try {
      this.report = await worker().conformance(document.baseURI, (row) => (this.rows = [...this.rows, row]));
      this.rows = this.report.rows;
      this.phase = 'done';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      this.phase = 'idle';
    } finally {
      // This also frees the memory on the GPU.
      endWorker('The checks have ended.');
    }
  }
}

export const conformance = new Conformance();
