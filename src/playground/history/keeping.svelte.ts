/** Keeps what is on the page as it comes to be, and shows it again after a reload or a crash. */
import { latestOnly } from '../latest_only.ts';
import type { Line } from '../line.ts';
import { notify } from '../notices.ts';
import { openRecord } from '../record/open_record.ts';
import { playground } from '../state.svelte.ts';
import { readDocument, readSession } from './database.ts';
import { Keeper } from './keeper.ts';
import { nameTab } from './tab.ts';

/** How often a text that streams is written, and how long a change waits for the next. */
const restMs = 800;

let keeper: Keeper | null = null;

/**
 * @param restore show what this tab showed before it was reloaded
 * @param settings take its settings too
 */
export async function keepHistory(restore: boolean, settings: boolean): Promise<void> {
  const { own, before } = await nameTab();
  keeper = new Keeper(own);
  if (restore && before !== null) await restoreSession(before, settings).catch(refused);
  $effect.root(() => {
    $effect(() => {
      const { lines, settings: watched } = playground;
      void watched;
      schedule(lines);
    });
  });
}

async function restoreSession(tab: string, settings: boolean): Promise<void> {
  const session = await readSession(tab);
  if (!session) return;
  if (settings) playground.change({ settings: { ...session.settings, model: playground.settings.model } });
  for (const entry of session.entries) await openEntry(entry);
}

/**
 * Shows a kept run beside what is there; what is done to it from now on is written to its entry.
 * @returns whether it could be read
 */
export async function openEntry(entry: string): Promise<boolean> {
  const document = await readDocument(entry);
  if (!document) return false;
  const at = playground.lines.length;
  openRecord(document, { origin: 'kept', replace: false });
  keeper?.adopt(playground.lines[at]!.id, entry);
  return true;
}

let waiting: ReturnType<typeof setTimeout> | null = null;

/** The newest state is written at most once in `restMs`, however often it changes: a stream never rests. */
function schedule(lines: readonly Line[]): void {
  latest = lines;
  waiting ??= setTimeout(() => {
    waiting = null;
    save(latest);
  }, restMs);
}

let latest: readonly Line[] = [];
let given = false;

const save = latestOnly(async (lines: readonly Line[]) => {
  if (given) return;
  try {
    await keeper?.write(lines);
  } catch (error) {
    refused(error);
  }
});

/** Says once that nothing is kept, and stops trying. */
function refused(error: unknown): void {
  given = true;
  const why = error instanceof Error ? error.message || error.name : String(error);
  notify(
    'info',
    `This browser keeps nothing for the page (${why}): what is here is gone when the tab is closed. Save what matters as a file.`,
  );
}
