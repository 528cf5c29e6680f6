/** Actions on the list of kept runs: rename, pin, delete, undo and search. */
import {
  changeEntry,
  listEntries,
  readDocument,
  removeEntry,
  saveEntry,
  type HistoryEntry,
} from './database.ts';

export { listEntries };

export async function renameEntry({ id }: HistoryEntry, title: string): Promise<void> {
  const trimmed = title.trim().slice(0, 200);
  if (trimmed !== '') await changeEntry(id, { title: trimmed, named: true });
}

export async function pinEntry({ id, pinned }: HistoryEntry): Promise<void> {
  await changeEntry(id, { pinned: !pinned });
}

/** @returns a function that restores the entry; null if this version of the page cannot read it */
export async function deleteEntry(entry: HistoryEntry): Promise<(() => Promise<void>) | null> {
  const document = await readDocument(entry.id);
  await removeEntry(entry.id);
  return document && (() => saveEntry(entry, document));
}

/** Entries whose title, text or model's name has every word of the query. */
export function searchEntries(entries: readonly HistoryEntry[], query: string): HistoryEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ title, text, model, compared = '' }) => {
    const whole = `${title}\n${text}\n${model}\n${compared}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
