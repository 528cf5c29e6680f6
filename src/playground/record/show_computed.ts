/** Replaces recorded values on the page by those that a replay computed. */
import { compare } from '../compare/state.svelte.ts';
import type { Recorded } from '../texts/recorded.ts';
import { texts } from '../texts/store.svelte.ts';
import type { RunRecord } from './document.ts';
import { comparisonOf } from './open_comparison.ts';
import { pageTextOf, recordedOf } from './recorded_view.ts';

/** @param ids of the record's texts on the page; deleted ones stay deleted */
export function showComputed(ids: readonly number[], record: RunRecord, state: Recorded['state']): void {
  ids.forEach((id, at) => {
    const computed = record.lines[at]!;
    texts.change(id, (text) => {
      const { chunks, visible, outputUnits, reason } = pageTextOf(computed, id, text.parent, record.strategy);
      return { ...text, chunks, visible, outputUnits, reason };
    });
    texts.changeRecord(id, { ...recordedOf(computed, record), state });
  });
  const { comparison } = compare;
  if (!record.comparison || !comparison?.texts.some(({ id }) => ids.includes(id))) return;
  compare.learn(comparisonOf(record.comparison, comparison, comparison.texts));
}
