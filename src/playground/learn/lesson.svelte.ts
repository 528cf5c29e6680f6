/** The open card of Learn, if any, and whether its question was answered. `open_card.ts` changes it. */
import type { RunRecord } from '../record/document.ts';
import type { Settings } from '../settings.ts';
import type { Card } from './card.ts';

export interface Lesson {
  readonly card: Card;
  /** Its whole record, which the page may show in part until the question is answered. */
  readonly record: RunRecord;
  readonly settings: Settings;
  /** Ids of the record's texts on the page. */
  readonly texts: readonly number[];
  /** Index of the choice; null until there is one. */
  readonly chosen: number | null;
}

class OpenLesson {
  current: Lesson | null = $state.raw(null);
  /** Cards that were answered since the page was loaded, by id. */
  answered: ReadonlySet<string> = $state.raw(new Set());
}

export const lesson = new OpenLesson();
