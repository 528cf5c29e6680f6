/** Writes the page to the history: each text with its branches, and each comparison, is one entry. */
import { laneDifference } from '../compare/lane_gestures.ts';
import type { Comparison } from '../compare/state.svelte.ts';
import { outputText, promptText, type PageText } from '../texts/text.ts';
import { keptDocument, titleOf } from '../record/make_document.ts';
import { makeRecord, type Recordable } from '../record/make_record.ts';
import { ownSettings } from '../record/own_settings.ts';
import { playground } from '../state.svelte.ts';
import { saveEntry, saveSession } from './database.ts';
import { familiesOf } from '../texts/families.ts';
import { texts } from '../texts/store.svelte.ts';
import { claim } from './tab.ts';

/** Candidates per step that a kept run can show before its model is loaded. */
const depth = 8;

/** What the page shows. */
export interface Shown {
  readonly texts: readonly PageText[];
  readonly comparison: Comparison | null;
}

export class Keeper {
  /** Entry ids by the id of the root text, or of the comparison. */
  readonly #entries = new Map<number, string>();
  /** The last written state of each entry, and whether it has candidates. */
  readonly #written = new Map<string, Recordable & { readonly whole: boolean }>();

  /** Entries that another tab holds. Changes to them here become a new entry. */
  readonly #others = new Set<string>();

  /** @param tab the name under which this tab writes */
  constructor(readonly tab: string) {}

  /**
   * Further changes to a run from the storage go to its entry.
   * @param id of its root text or of its comparison
   * @param there the run as it is stored
   * @param mine false if another tab holds the entry
   */
  adopt(id: number, entry: string, there: Recordable, mine: boolean): void {
    if (!mine) this.#others.add(entry);
    this.#entries.set(id, entry);
    this.#written.set(entry, { ...there, whole: true });
  }

  /** Ids of the root texts and comparisons that were written under an entry. */
  shownAs(entry: string): readonly number[] {
    return [...this.#entries].filter(([, written]) => written === entry).map(([id]) => id);
  }

  /** @throws DOMException if the browser refuses storage */
  async write({ texts, comparison }: Shown): Promise<void> {
    const entries: string[] = [];
    for (const family of familiesOf(texts).filter(({ root }) => madeHere(root))) {
      const id = this.#entryOf(family.root, texts);
      const recordable = { texts: family.texts, comparison: null };
      entries.push(await this.#writeChanged(family.root.id, id, recordable, titleOf(family.root)));
    }
    const compared = comparison && (await this.writeComparison(comparison));
    await saveSession({
      tab: this.tab,
      savedAt: Date.now(),
      settings: playground.settings,
      entries,
      ...(compared === null ? {} : { comparison: compared }),
    });
    this.#drop(new Set([...texts.map(({ id }) => id), ...(comparison ? [comparison.id] : [])]));
  }

  /** Forgets what has left the page, which is written by now. */
  #drop(here: ReadonlySet<number>): void {
    for (const [id, entry] of this.#entries) {
      if (here.has(id)) continue;
      this.#entries.delete(id);
      this.#written.delete(entry);
    }
  }

  /** @returns its entry; null if there is nothing to write */
  async writeComparison(comparison: Comparison): Promise<string | null> {
    const [first] = comparison.texts;
    if (!first || !madeHere(first)) return null;
    const id = this.#entries.get(comparison.id) ?? crypto.randomUUID();
    this.#entries.set(comparison.id, id);
    const title = comparisonTitle(comparison, first);
    return this.#writeChanged(comparison.id, id, { texts: comparison.texts, comparison }, title);
  }

  /**
   * @param shown id of the root text or of the comparison
   * @returns the entry, which is a new one if another tab holds `entry`
   */
  async #writeChanged(shown: number, entry: string, recordable: Recordable, title: string): Promise<string> {
    const before = this.#written.get(entry);
    if (before?.whole && same(before, recordable)) return entry;
    const id = this.#others.has(entry) ? crypto.randomUUID() : entry;
    this.#entries.set(shown, id);
    await claim(id);
    // An entry without all candidates is written again.
    const whole = await writeEntry(id, recordable, title);
    this.#written.set(id, { ...recordable, whole });
    return id;
  }

  /** A text that grew has a new id and keeps the entry of the text that it replaced. */
  #entryOf(root: PageText, texts: readonly PageText[]): string {
    const known = this.#entries.get(root.id);
    if (known !== undefined) return known;
    const here = new Set(texts.map(({ id }) => id));
    for (const [id, entry] of this.#entries) {
      const written = this.#written.get(entry)?.texts.find((text) => text.id === id);
      if (here.has(id) || written?.name !== root.name) continue;
      this.#entries.delete(id);
      this.#entries.set(root.id, entry);
      return entry;
    }
    const entry = crypto.randomUUID();
    this.#entries.set(root.id, entry);
    return entry;
  }
}

/** @returns whether each text was written with the candidates that its engine reports */
async function writeEntry(id: string, recordable: Recordable, title: string): Promise<boolean> {
  const { texts, comparison } = recordable;
  // If the engine fails, the texts are written without candidates.
  const [settings, record] = await Promise.all([
    ownSettings(recordable),
    makeRecord(recordable, depth).catch(() => makeRecord(recordable, 0)),
  ]);
  const [first] = texts;
  const words = comparison
    ? [first ? promptText(first) : '', ...texts.map(outputText)]
    : texts.map((text) => promptText(text) + outputText(text));
  await saveEntry(
    {
      id,
      title,
      named: false,
      pinned: false,
      savedAt: Date.now(),
      model: record.model.name,
      tokens: texts.reduce((sum, text) => sum + text.length - text.promptLength, 0),
      ...(comparison ? { compared: comparedWhat(comparison) } : {}),
      text: words.join('\n'),
    },
    keptDocument(record, settings, title),
  );
  const { engine } = playground;
  const told = engine.phase === 'ready' && engine.summary.capabilities.logits === 'full';
  const whole = record.lines.every(
    ({ tokens, promptLength }) =>
      tokens.length === promptLength || tokens.slice(promptLength).some(({ top }) => top.length > 0),
  );
  return playground.run.phase === 'idle' && (whole || !told);
}

function comparedWhat({ strategy, texts }: Comparison): string {
  if (strategy.kind === 'beam') return `beams in ${texts.length} branches`;
  return `${texts.length} ${strategy.kind === 'sample' ? 'lanes' : 'samples'}`;
}

/** The beginning of the prompt, and what is compared. */
function comparisonTitle({ strategy, patches }: Comparison, first: PageText): string {
  const beginning = titleOf(first, first.promptLength);
  const what =
    strategy.kind === 'sample'
      ? patches.map(laneDifference).filter(Boolean).join(' | ')
      : strategyNames[strategy.kind];
  return `${beginning}: ${what || 'one setting'}`.slice(0, 200);
}

const strategyNames = {
  greedy: 'greedy',
  beam: 'beam search',
  'best-of-n': 'best of N',
  'majority-vote': 'vote',
  'first-valid': 'first valid',
} as const;

/** Texts from the page itself, a link or a file are not kept. */
function madeHere(root: PageText): boolean {
  const recorded = texts.recordOf(root.id);
  return recorded === null || recorded.origin === 'kept';
}

function same(a: Recordable, b: Recordable): boolean {
  return (
    a.texts.length === b.texts.length &&
    a.comparison?.result === b.comparison?.result &&
    b.texts.every((text, index) => a.texts[index] === text)
  );
}
