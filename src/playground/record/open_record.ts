import { compare, type Comparison } from '../compare/state.svelte.ts';
import type { PageText } from '../texts/text.ts';
import { notify, notifyFailure } from '../notices.ts';
import { reviveRecord } from '../record_actions.ts';
import type { Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { DocumentComparison } from './comparison_schema.ts';
import type { RunRecord } from './document.ts';
import { contradictions } from './contradictions.ts';
import { comparisonOf, comparisonSettings } from './open_comparison.ts';
import { opened } from './opened.svelte.ts';
import { pageTextOf, recordedOf } from './recorded_view.ts';

export interface OpenOptions {
  readonly origin: Recorded['origin'];
  /** The record's settings; null if it has none. */
  readonly settings: Settings | null;
  /** Whether the settings do not fit the checksum. */
  readonly altered?: boolean;
  /** Set the page's knobs to these settings, except for the model, which stays the loaded one. */
  readonly take: boolean;
  /** Remove the texts on the page; else they stay beside the new ones. */
  readonly replace: boolean;
  /** Turn to the view that shows the record, and set the knobs of a comparison. */
  readonly reveal: boolean;
}

export interface OpenedHere {
  /** Line ids on the page, in the record's order. */
  readonly texts: readonly PageText[];
  /** Null for texts that were run one by one. */
  readonly comparison: Comparison | null;
}

/**
 * Shows a record's texts with their numbers, with or without its model: a comparison in its own view, other texts in the playground.
 * @returns null, after a notice, if a run is in the way
 */
export function openRecord(record: RunRecord, options: OpenOptions): OpenedHere | null {
  const { origin, settings, take, altered = false } = options;
  // Texts and lanes that are still running cannot be removed.
  if ((record.comparison || options.replace) && playground.run.phase !== 'idle') {
    notify('error', 'A run is in progress; stop it, and open the record again.');
    return null;
  }
  const ids = record.lines.map(() => playground.newId());
  const texts = record.lines.map((text, index) =>
    pageTextOf(text, ids[index]!, text.parent === null ? null : ids[text.parent]!, record.strategy),
  );
  const recordOf = ({ id }: PageText): Recorded => {
    const text = record.lines[ids.indexOf(id)]!;
    return { text: id, origin, ...recordedOf(text, record), stream: text.stream, state: 'recorded' };
  };
  if (settings && take) playground.takeSettings({ ...settings, model: playground.settings.model });
  if (origin !== 'kept' && origin !== 'page') {
    const against = settings ? contradictions(record, settings) : [];
    // A changed setting that the record does not have, such as a limit or a stop sequence.
    if (altered && against.length === 0) against.push('what was changed since it was sent');
    opened.set({
      ...{ record, texts: ids, origin, settings },
      contradictions: against,
      replay: { phase: 'not-yet' },
    });
  }
  if (record.comparison) return showComparison(record, record.comparison, texts, recordOf, options);
  showTexts(record, texts, recordOf, options);
  reviveRecord().catch(notifyFailure);
  return { texts, comparison: null };
}

function showTexts(
  record: RunRecord,
  texts: readonly PageText[],
  recordOf: (text: PageText) => Recorded | null,
  { replace, reveal }: OpenOptions,
): void {
  if (replace) playground.clearTexts();
  playground.addTexts(texts, recordOf);
  playground.show(texts[record.current]!.id, record.selected);
  if (reveal) playground.takeSettings({ view: { ...playground.settings.view, page: 'sample' } });
}

function showComparison(
  record: RunRecord,
  document: DocumentComparison,
  texts: readonly PageText[],
  recordOf: (text: PageText) => Recorded | null,
  { settings, reveal }: OpenOptions,
): OpenedHere {
  const made = comparisonSettings(document, settings ?? playground.settings);
  const comparison = { ...comparisonOf(document, { id: playground.newId(), settings: made }, texts), texts };
  if (reveal) playground.takeSettings({ ...made, model: playground.settings.model });
  compare.begin(comparison, recordOf);
  compare.look(record.selected, record.current);
  return { texts, comparison };
}
