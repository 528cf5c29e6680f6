import type { Settings } from '../settings.ts';
import { reviveRecording } from '../recording_actions.ts';
import { playground, type Recorded } from '../state.svelte.ts';
import type { RunRecord } from './document.ts';
import { opened } from './opened.svelte.ts';
import { lineOf, recordedStep } from './recorded_view.ts';

export interface OpenOptions {
  readonly origin: Recorded['origin'];
  /** Taken over as they are, but for the model: that is the one that is loaded. */
  readonly settings?: Settings;
  /** Whether the texts that are there make room; else they stay beside the new ones. */
  readonly replace: boolean;
}

/** Shows a record's texts with their numbers, model or no model. */
export function openRecord(record: RunRecord, { origin, settings, replace }: OpenOptions): void {
  const ids = record.lines.map(() => playground.newId());
  const lines = record.lines.map((line, index) =>
    lineOf(line, ids[index]!, line.parent === null ? null : ids[line.parent]!),
  );
  const recorded = record.lines.map(({ tokens, stream, byHand }, index): Recorded => ({
    line: ids[index]!,
    origin,
    model: record.model,
    stream,
    byHand,
    view: (position) => recordedStep(tokens[position], record.model.vocabularySize),
    state: 'recorded',
  }));
  playground.change({
    lines: [...(replace ? [] : playground.lines), ...lines],
    recorded: [...(replace ? [] : playground.recorded), ...recorded],
    current: ids[record.current]!,
    selected: record.selected,
    hovered: null,
    overlay: null,
    inspected: null,
    picked: null,
    ...(settings ? { settings: { ...settings, model: playground.settings.model } } : {}),
  });
  if (origin !== 'kept') opened.set({ record, lines: ids, origin, replay: { phase: 'not-yet' } });
  void reviveRecording();
}
