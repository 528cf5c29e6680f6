/** The record that was opened last, beside the texts that it became, and what came of replaying it. */
import type { StepView } from '../../worker/api/views.ts';
import type { Settings } from '../settings.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { Verdict } from './compare_lines.ts';
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
  /** `drawn` tokens came out again, the others were chosen by hand. */
  | {
      readonly phase: 'reproduced';
      readonly drawn: number;
      readonly byHand: number;
      readonly verdict: Verdict;
      readonly here: Here;
    }
  | {
      readonly phase: 'differs';
      readonly difference: Difference | null;
      readonly verdict: Verdict;
      readonly here: Here;
    };

/** What computed it again. */
export type Here = Pick<RunRecord, 'model' | 'engine'>;

export interface Opened {
  /** As it was sent. */
  readonly record: RunRecord;
  /** Line ids on the page, in the record's order. */
  readonly lines: readonly number[];
  readonly origin: Recorded['origin'];
  /** That came with it; null for an answer from elsewhere. */
  readonly settings: Settings | null;
  /** How its settings contradict it, by their names in a link. */
  readonly contradictions: readonly string[];
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

  /** Of the record that is replayed: another one that was opened meanwhile stays as it is. */
  replay({ lines }: Opened, replay: Replay): void {
    const current = this.#current;
    if (current?.lines === lines) this.#current = { ...current, replay };
  }
}

export const opened = new OpenedRecord();
