/** Keeps the records of a run's tokens, so that the JSON can list each branch from its first token on. */
import type { BranchId, RunEvent, StepRecord } from '../../src/decoding/events.ts';

export class RunRecorder {
  readonly #records = new Map<BranchId, StepRecord[]>();

  readonly onEvent = (event: RunEvent): void => {
    if (event.type === 'branches') {
      for (const { branch, parent, shared } of event.started) {
        const inherited = parent === null ? [] : (this.#records.get(parent) ?? []);
        this.#records.set(branch, inherited.slice(0, shared));
      }
    }
    if (event.type === 'step') {
      for (const record of event.records) this.#records.get(record.branch)?.push(record);
    }
  };

  /** One record per output token of the branch, including the tokens shared with its parent. */
  recordsOf(branch: BranchId): readonly StepRecord[] {
    return this.#records.get(branch) ?? [];
  }
}
