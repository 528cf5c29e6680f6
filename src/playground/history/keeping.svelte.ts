/** Keeps the page in the history while it changes, and restores it after a reload or a crash. */
import { latestOnly } from '../latest_only.ts';
import { compare, type Comparison } from '../compare/state.svelte.ts';
import { notify } from '../notices.ts';
import { openRecord } from '../record/open_record.ts';
import type { Settings } from '../settings.ts';
import { changeSettings, changeView } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import { readDocument, readSession } from './database.ts';
import { Keeper, type Shown } from './keeper.ts';
import { claim, nameTab } from './tab.ts';

/** The interval between writes of a streaming text, and how long a change waits for further ones. */
const restMs = 800;
/** Long texts take longer to write, so after each write a stream waits this many times as long. */
const restFactor = 10;
let lastWriteMs = 0;

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
      const { texts, settings: watched, run } = playground;
      void watched;
      void run.phase;
      schedule({ texts, comparison: compare.comparison });
    });
  });
}

async function restoreSession(tab: string, settings: boolean): Promise<void> {
  const session = await readSession(tab);
  if (!session) return;
  if (settings) playground.takeSettings({ ...session.settings, model: playground.settings.model });
  for (const entry of session.entries) await openEntry(entry, false);
  if (session.comparison !== undefined) await openEntry(session.comparison, false);
}

/**
 * Shows a kept run beside the texts on the page. Further changes go to its entry.
 * @param reveal turn to the view that shows it
 * @returns whether it could be read
 */
export async function openEntry(entry: string, reveal: boolean): Promise<boolean> {
  const document = await readDocument(entry);
  if (reveal && turnTo(entry)) {
    followPrompt(document?.settings);
    return true;
  }
  if (!document) return false;
  const { settings, comparison } = document;
  // A comparison brings its prompt and its knobs. A text joins the others under the current knobs.
  const take = reveal && comparison !== null;
  const mine = await claim(entry);
  const opened = openRecord(document, { origin: 'kept', settings, take, replace: false, reveal });
  if (opened) keeper?.adopt(opened.comparison?.id ?? opened.texts[0]!.id, entry, opened, mine);
  if (opened && reveal) followPrompt(settings);
  return true;
}

/** Sets the prompt, and so the address, to that of the shown text. @param kept for a text without a source */
function followPrompt(kept: Settings | null | undefined): void {
  const source = playground.settings.view.page === 'sample' ? playground.text?.source : undefined;
  if (source?.kind === 'text') changeSettings({ mode: 'text', prompt: source.text });
  else if (source) changeSettings({ mode: 'chat', messages: source.messages });
  else if (kept) changeSettings({ mode: kept.mode, prompt: kept.prompt, messages: kept.messages });
}

/** Turns to a run that is already on the page, because a second copy would overwrite the first. */
function turnTo(entry: string): boolean {
  const ids = keeper?.shownAs(entry) ?? [];
  const text = playground.texts.find(({ id }) => ids.includes(id));
  const compared = compare.comparison !== null && ids.includes(compare.comparison.id);
  if (!text && !compared) return false;
  if (text) playground.show(text.id);
  changeView({ page: text ? 'sample' : 'compare' });
  return true;
}

let waiting: ReturnType<typeof setTimeout> | null = null;
/** Whether the page was idle when the wait began. */
let waitingIdle = false;

/** Writes the newest state at most once per `restMs`, because a stream never rests. */
function schedule(shown: Shown): void {
  const { comparison } = shown;
  // The next comparison replaces this one, whose unwritten part must not be lost.
  const left = latest.comparison;
  if (waiting !== null && left && left.id !== comparison?.id) leftover = [...leftover, left];
  latest = shown;
  // Write a finished run soon, even if its stream was to wait longer: a reload must not lose it.
  const idle = playground.run.phase === 'idle';
  if (idle && waiting !== null && !waitingIdle) {
    clearTimeout(waiting);
    waiting = null;
  }
  if (waiting !== null) return;
  waitingIdle = idle;
  waiting = setTimeout(
    () => {
      waiting = null;
      save(latest);
    },
    idle ? restMs : Math.max(restMs, restFactor * lastWriteMs),
  );
}

let latest: Shown = { texts: [], comparison: null };
let leftover: readonly Comparison[] = [];
let given = false;

const save = latestOnly(async (shown: Shown) => {
  if (given) return;
  const started = performance.now();
  try {
    const gone = leftover;
    leftover = [];
    for (const comparison of gone) await keeper?.writeComparison(comparison);
    await keeper?.write(shown);
    lastWriteMs = Math.min(500, performance.now() - started);
  } catch (error) {
    // Other failures, such as an engine's, are retried with the next change.
    if (error instanceof DOMException) refused(error);
  }
});

/** Tells the person once that nothing is kept, and stops trying. */
function refused(error: unknown): void {
  given = true;
  const why = error instanceof Error ? error.message || error.name : String(error);
  notify(
    'info',
    `This browser keeps nothing for the page (${why}): what is here is gone when the tab is closed. Save what matters as a file.`,
  );
}
