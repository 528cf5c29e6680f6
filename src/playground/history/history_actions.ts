/** The list of kept runs: named, pinned, deleted, and a deletion taken back. */
import { notify } from '../notices.ts';
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

/** @param restored called when the person has taken it back */
export async function deleteEntry(entry: HistoryEntry, restored: () => void): Promise<void> {
  const document = await readDocument(entry.id);
  await removeEntry(entry.id);
  const undo = async (): Promise<void> => {
    if (document) await saveEntry(entry, document);
    restored();
  };
  if (document) {
    notify('info', `“${entry.title}” is deleted.`, { label: 'Undo', run: () => void undo() });
  }
}

/** Entries with every word of the query in their title, text or model's name. */
export function searchEntries(entries: readonly HistoryEntry[], query: string): HistoryEntry[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ title, text, model, compared = '' }) => {
    const whole = `${title}\n${text}\n${model}\n${compared}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}
