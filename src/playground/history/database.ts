/** Keeps runs and sessions in IndexedDB. Each tab writes its own entries, so tabs never overwrite each other's. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import * as v from 'valibot';
import type { Settings } from '../settings.ts';
import type { KeptDocument } from '../record/document.ts';
import { keptSchema } from '../record/document.ts';
import { settingsSchema } from '../settings_schema.ts';

/** A run in the list: a text with its branches, or a comparison. */
export interface HistoryEntry {
  readonly id: string;
  readonly title: string;
  /** Whether a person gave the title, which then stays. */
  readonly named: boolean;
  readonly pinned: boolean;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  readonly model: string;
  readonly tokens: number;
  /** What a comparison compares, such as `4 lanes`; absent for a text with its branches. */
  readonly compared?: string;
  /** The texts, for the search. */
  readonly text: string;
}

/** What a tab shows. A reload of the tab restores it. */
export interface Session {
  readonly tab: string;
  readonly savedAt: number;
  readonly settings: Settings;
  /** Entries in the order of their texts on the page. */
  readonly entries: readonly string[];
  /** Entry of the comparison on the page. */
  readonly comparison?: string;
}

interface Schema extends DBSchema {
  readonly entries: { key: string; value: HistoryEntry };
  readonly documents: { key: string; value: KeptDocument };
  readonly sessions: { key: string; value: Session };
}

/** The most unpinned runs; the oldest are deleted first. */
const maxEntries = 200;
/** The most sessions; tabs do not delete their own. */
const maxSessions = 20;

let opening: Promise<IDBPDatabase<Schema>> | null = null;

/** @throws DOMException if the browser refuses storage, as some do in private windows */
function database(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>('logitscope', 1, {
    upgrade(db) {
      db.createObjectStore('entries', { keyPath: 'id' });
      db.createObjectStore('documents');
      db.createObjectStore('sessions', { keyPath: 'tab' });
    },
    // Close for a newer version of the page in another tab, or for a person who deletes the site's storage. The next write opens
    // the database again.
    blocking: (_, __, event) => {
      opening = null;
      (event.target as IDBDatabase).close();
    },
    terminated: () => (opening = null),
  }).catch((error: unknown) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Pinned ones first, then the newest. */
export async function listEntries(): Promise<HistoryEntry[]> {
  const entries = await (await database()).getAll('entries');
  return entries.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.savedAt - a.savedAt);
}

/** Writes a run. An existing entry keeps the name and the pin that a person gave it. */
export async function saveEntry(entry: HistoryEntry, document: KeptDocument): Promise<void> {
  const db = await database();
  const write = db.transaction(['entries', 'documents'], 'readwrite');
  const entries = write.objectStore('entries');
  const before = await entries.get(entry.id);
  const kept = before
    ? { pinned: before.pinned, ...(before.named ? { named: true, title: before.title } : {}) }
    : {};
  await Promise.all([
    entries.put({ ...entry, ...kept }),
    write.objectStore('documents').put(document, entry.id),
    write.done,
  ]);
  if (!before) await prune();
}

async function prune(): Promise<void> {
  const old = (await listEntries()).filter(({ pinned }) => !pinned).slice(maxEntries);
  for (const { id } of old) await removeEntry(id);
}

export async function changeEntry(
  id: string,
  change: Partial<Pick<HistoryEntry, 'title' | 'named' | 'pinned'>>,
): Promise<void> {
  const db = await database();
  const write = db.transaction('entries', 'readwrite');
  const entry = await write.store.get(id);
  if (entry) await write.store.put({ ...entry, ...change });
  await write.done;
}

/** @returns null for a run that is gone or that this version of the page cannot read */
export async function readDocument(id: string): Promise<KeptDocument | null> {
  const found = v.safeParse(keptSchema, await (await database()).get('documents', id));
  return found.success ? found.output : null;
}

export async function removeEntry(id: string): Promise<void> {
  const db = await database();
  const write = db.transaction(['entries', 'documents'], 'readwrite');
  await Promise.all([
    write.objectStore('entries').delete(id),
    write.objectStore('documents').delete(id),
    write.done,
  ]);
}

export async function saveSession(session: Session): Promise<void> {
  const db = await database();
  await db.put('sessions', session);
  const sessions = await db.getAll('sessions');
  const old = sessions.sort((a, b) => b.savedAt - a.savedAt).slice(maxSessions);
  for (const { tab } of old) await db.delete('sessions', tab);
}

export async function readSession(tab: string): Promise<Session | null> {
  const session = await (await database()).get('sessions', tab);
  if (!session) return null;
  const settings = v.safeParse(settingsSchema, session.settings);
  return settings.success ? { ...session, settings: settings.output } : null;
}
