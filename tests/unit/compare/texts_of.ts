import type { RunEvent } from '../../../src/decoding/events.ts';
import { forkedText, promptOnly, withSteps, type PageText } from '../../../src/playground/texts/text.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';

/** The page's texts after these events, without the prompt. */
export function textsOf(events: readonly RunEvent[]): PageText[] {
  const texts: PageText[] = [];
  for (const event of events) {
    if (event.type === 'branches') {
      for (const { branch, parent, shared } of event.started) {
        const seed = { id: branch, name: '', lane: branch, params: defaultParams() };
        texts[branch] = parent === null ? promptOnly(seed, []) : forkedText(seed, texts[parent]!, shared);
      }
    } else if (event.type === 'step') {
      for (const record of event.records) {
        texts[record.branch] = withSteps(texts[record.branch]!, [
          { record, label: record.piece, kind: 'normal' },
        ]);
      }
    } else if (event.type === 'branch-end') {
      texts[event.result.branch] = { ...texts[event.result.branch]!, reason: event.result.reason };
    }
  }
  return texts;
}
