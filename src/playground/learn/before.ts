/** Keeps what was on the page before Learn, and puts it back. */
import { compare, type Comparison } from '../compare/state.svelte.ts';
import type { Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import { Holding, texts } from '../texts/store.svelte.ts';
import type { PageText } from '../texts/text.ts';

interface Before {
  readonly settings: Settings;
  readonly texts: readonly PageText[];
  readonly current: number | null;
  readonly selected: number | null;
  readonly comparison: Comparison | null;
  readonly look: readonly [position: number | null, lane: number];
}

let before: Before | null = null;
/** Keeps the texts while no view shows them. */
const held = new Holding();

export function keepPage(): void {
  const { settings, texts, current, selected } = playground;
  const { comparison } = compare;
  before = { settings, texts, current, selected, comparison, look: [compare.selected, compare.focus] };
  held.ids = [...texts, ...(comparison?.texts ?? [])].map(({ id }) => id);
}

export function forgetPage(): void {
  before = null;
  held.ids = [];
}

/** @returns false if there was nothing to put back */
export function putPageBack(): boolean {
  const kept = before;
  if (!kept) return false;
  const { settings, comparison } = kept;
  playground.clearTexts();
  for (const text of kept.texts) putText(text);
  playground.show(kept.texts.some(({ id }) => id === kept.current) ? kept.current : null, kept.selected);
  compare.clear();
  if (comparison) {
    const here = comparison.texts.map(({ id }) => texts.get(id) ?? null).filter((text) => text !== null);
    compare.begin({ ...comparison, texts: here }, ({ id }) => texts.recordOf(id));
    compare.look(...kept.look);
  }
  playground.takeSettings({ ...settings, model: playground.settings.model });
  forgetPage();
  return true;
}

function putText(text: PageText): void {
  const { id, lane, parent, forkedAt, stream, drawn } = text;
  // A text of another view stands here by itself.
  if (text === texts.get(id)) playground.holdText(id);
  else
    playground.holdAlone({
      id,
      lane,
      parent,
      forkedAt,
      ...(stream === undefined ? {} : { stream }),
      ...(drawn ? { drawn } : {}),
    });
}
