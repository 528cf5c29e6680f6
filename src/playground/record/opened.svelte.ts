/** The last opened record, its texts on the page, and the result of its replay. */
import type { StepView } from '../../worker/api/views.ts';
import type { Settings } from '../settings.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { Verdict } from './compare_texts.ts';
import type { RunRecord } from './document.ts';

/** Where a replay first draws a token other than the recorded one. */
export interface Difference {
  /** Index of the text in the record. */
  readonly text: number;
  /** Index of the output token. */
  readonly output: number;
  readonly recordedLabel: string;
  readonly drawnLabel: string;
  readonly recorded: StepView | null;
  readonly here: StepView | null;
}

export type Replay =
  | { readonly phase: 'not-yet' }
  | { readonly phase: 'running'; readonly text: number }
  /** `drawn` tokens were reproduced; the others were chosen by hand. */
  | {
      readonly phase: 'reproduced';
      readonly drawn: number;
      readonly byHand: number;
      readonly verdict: Verdict;
      readonly here: Here;
      /** When, as ISO 8601 in UTC. */
      readonly date: string;
    }
  | {
      readonly phase: 'differs';
      readonly difference: Difference | null;
      readonly verdict: Verdict;
      readonly here: Here;
    };

/** What computed the replay. */
export type Here = Pick<RunRecord, 'model' | 'engine'>;

export interface Opened {
  /** As it was received. */
  readonly record: RunRecord;
  /** Line ids on the page, in the record's order. */
  readonly texts: readonly number[];
  readonly origin: Recorded['origin'];
  /** The settings that came with it; null for an answer from another program. */
  readonly settings: Settings | null;
  /** Settings that contradict the record, by their names in a link. */
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

  /** Sets the result of a record's replay, unless another record was opened meanwhile. */
  replay({ texts }: Opened, replay: Replay): void {
    const current = this.#current;
    if (current?.texts === texts) this.#current = { ...current, replay };
  }
}

export const opened = new OpenedRecord();
