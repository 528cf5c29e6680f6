/** What a replay computed takes the place of what was recorded: on the page, and for whoever asks about the texts. */
import { compare } from '../compare/state.svelte.ts';
import type { Line } from '../texts/line.ts';
import { playground } from '../state.svelte.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { RunRecord } from './document.ts';
import { comparisonOf } from './open_comparison.ts';
import { lineOf, recordedStep } from './recorded_view.ts';

/** @param ids of the record's texts on the page; those that are gone stay gone */
export function showComputed(ids: readonly number[], record: RunRecord, state: Recorded['state']): void {
  const index = new Map(ids.map((id, at) => [id, at]));
  const computed = (line: Line): Line => {
    const at = index.get(line.id);
    if (at === undefined) return line;
    const { chunks, visible, outputUnits, reason } = lineOf(
      record.lines[at]!,
      line.id,
      line.parent,
      record.strategy,
    );
    return { ...line, chunks, visible, outputUnits, reason };
  };
  const recorded = playground.recorded.map((entry): Recorded => {
    const at = index.get(entry.line);
    if (at === undefined) return entry;
    const { tokens, byHand } = record.lines[at]!;
    const view = (position: number) => recordedStep(tokens[position], record.model.vocabularySize);
    return { ...entry, model: record.model, engine: record.engine, byHand, view, state };
  });
  playground.change({ lines: playground.lines.map(computed), recorded });
  const { comparison } = compare;
  if (!comparison?.lines.some(({ id }) => index.has(id))) return;
  const lines = comparison.lines.map(computed);
  const { id, settings } = comparison;
  const shown = record.comparison ? comparisonOf(record.comparison, { id, settings }, lines) : comparison;
  compare.change({ comparison: { ...shown, lines } });
}
