/** Opens, answers and leaves the cards of Learn. */
import { compare } from '../compare/state.svelte.ts';
import { goTo } from '../link/view_history.ts';
import { notify, notifyFailure } from '../notices.ts';
import type { RunRecord } from '../record/document.ts';
import { openRecord } from '../record/open_record.ts';
import { openPageRun } from '../record/page_run.ts';
import { defaultSettings, type Settings } from '../settings.ts';
import { changeView } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import { texts } from '../texts/store.svelte.ts';
import { setQuery } from './address.ts';
import { forgetPage, keepPage, putPageBack } from './before.ts';
import type { Card } from './card.ts';
import { cards } from './cards/index.ts';
import { lesson } from './lesson.svelte.ts';
import { fetchLesson } from './read_lesson.ts';
import { nextStep, unanswered } from './unanswered.ts';

/** Counts the cards that were asked for, so that a late record does not replace a newer card. */
let asked = 0;

/** @param keep whether the card's closing brings back what is on the page now; without it, the page is as it is at its start */
export async function openCard(id: string, keep = true): Promise<void> {
  const card = cards.find((one) => one.id === id);
  if (!card) return notify('error', `Learn has no card “${id.slice(0, 30)}”.`);
  const mine = ++asked;
  try {
    const { record, settings } = await fetchLesson(id);
    if (mine !== asked) return;
    if (busy()) return;
    if (lesson.current === null && keep) keepPage();
    // Back returns to the cards.
    if (playground.settings.view.page === 'learn') goTo(card.run.page);
    const shown = show(card, unanswered(record, card.run), settings);
    showNext(card, record, shown);
    lesson.current = { card, record, settings, texts: shown, chosen: null };
    setQuery('learn', id);
  } catch (error) {
    if (mine === asked) notifyFailure(error);
  }
}

function busy(): boolean {
  if (playground.run.phase === 'idle') return false;
  notify('error', 'A run is in progress; stop it, and open the card again.', undefined, 'run');
  return true;
}

/** @returns the ids of the record's texts on the page; call it only while nothing runs */
function show({ run }: Card, record: RunRecord, settings: Settings): readonly number[] {
  // A record of texts leaves the comparison alone, and a comparison the texts.
  playground.clearTexts();
  compare.clear();
  const origin = { origin: 'page', settings, take: true, replace: true, reveal: true } as const;
  const opened = openRecord(record, origin);
  // A record of texts opens in the playground, and a card may look at it elsewhere.
  changeView({ page: run.page });
  return opened?.texts.map(({ id }) => id) ?? [];
}

/** Before the answer, a cut text of the playground shows the candidates of its next token. */
function showNext({ run }: Card, record: RunRecord, shown: readonly number[]): void {
  if (run.shown === undefined || record.comparison) return;
  shown.forEach((id, index) => {
    const text = record.lines[index]!;
    const end = texts.get(id)?.length;
    const { view } = texts.recordOf(id)!;
    const size = record.model.vocabularySize;
    texts.changeRecord(id, {
      view: (position) => (position === end ? nextStep(text, position, size) : view(position)),
    });
  });
}

/** Takes the prediction, and shows the whole record with the answer, unless the person has run something else meanwhile. */
export function answer(choice: number): void {
  const { current } = lesson;
  if (!current || current.chosen !== null) return;
  const { card, record, settings } = current;
  const shown = untouched() ? show(card, record, settings) : current.texts;
  lesson.current = { ...current, chosen: choice, texts: shown };
  lesson.answered = new Set([...lesson.answered, card.id]);
}

/** Whether the page shows the lesson's texts and nothing else. */
function untouched(): boolean {
  const there = [...playground.texts, ...(compare.comparison?.texts ?? [])].map(({ id }) => id);
  const { texts } = lesson.current!;
  return (
    playground.run.phase === 'idle' &&
    there.length === texts.length &&
    there.every((id) => texts.includes(id))
  );
}

/** Closes the card. What was on the page before comes back, unless the person has run something else meanwhile. */
export function closeCard(): void {
  asked++;
  if (lesson.current === null) return;
  const back = untouched();
  lesson.current = null;
  setQuery('learn', null);
  if (!back) return forgetPage();
  if (putPageBack()) return;
  // A link opened the card, so the page is as it is at its start.
  playground.clearTexts();
  compare.clear();
  playground.takeSettings({ ...defaultSettings(), model: playground.settings.model });
  openPageRun(true).catch(notifyFailure);
}
