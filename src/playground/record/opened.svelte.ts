/** The record that was opened last, beside the texts that it became, and what came of replaying it. */
import type { StepView } from '../../worker/views.ts';
import type { Recorded } from '../state.svelte.ts';
import type { RunRecord } from './document.ts';

/** Where a replay first draws another token than the record has. */
export interface Difference {
  /** Index of the text in the record. */
  readonly line: number;
  /** Index of the output token. */
  readonly output: number;
  readonly recordedLabel: string;
  readonly drawnLabel: string;
  readonly recorded: StepView | null;
  readonly here: StepView | null;
}

export type Replay =
  | { readonly phase: 'not-yet' }
  | { readonly phase: 'running'; readonly line: number }
  | { readonly phase: 'reproduced'; readonly tokens: number }
  | { readonly phase: 'differs'; readonly difference: Difference };

export interface Opened {
  readonly record: RunRecord;
  /** Line ids on the page, in the record's order. */
  readonly lines: readonly number[];
  readonly origin: Recorded['origin'];
  readonly replay: Replay;
}

class OpenedRecord {
  #current: Opened | null = $state.raw(null);

  get current(): Opened | null {
    return this.#current;
  }

  set(opened: Opened | null): void {
    this.#current = opened;
  }

  replay(replay: Replay): void {
    if (this.#current) this.#current = { ...this.#current, replay };
  }
}

export const opened = new OpenedRecord();
