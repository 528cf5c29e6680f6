/** The list of kept runs: named, pinned, deleted, and a deletion taken back. */
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

/**
 * @returns puts it back; null where another version of the page wrote it in a way that this one cannot
 */
export async function deleteEntry(entry: HistoryEntry): Promise<(() => Promise<void>) | null> {
  const document = await readDocument(entry.id);
  await removeEntry(entry.id);
  return document && (() => saveEntry(entry, document));
}

/** Entries with every word of the query in their title, text or model's name. */
export function searchEntries(entries: readonly HistoryEntry[], query: string): HistoryEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ title, text, model, compared = '' }) => {
    const whole = `${title}\n${text}\n${model}\n${compared}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
