/** Cards of Learn on the page: what they show before and after the answer, and what comes back when they are closed. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { cards } from '../../src/playground/learn/cards/index.ts';
import { lesson } from '../../src/playground/learn/lesson.svelte.ts';
import { answer, closeCard, openCard } from '../../src/playground/learn/open_card.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { run, stop } from '../../src/playground/texts/run_actions.ts';
import { texts } from '../../src/playground/texts/store.svelte.ts';
import { fresh, notices, outputs } from './fresh.ts';

/** Called before each record arrives. */
let beforeRecord: (path: string) => unknown = () => undefined;

beforeEach(async () => {
  beforeRecord = () => undefined;
  vi.stubGlobal('fetch', async ({ pathname }: URL) => {
    await beforeRecord(pathname);
    const headers = { 'content-type': 'application/json' };
    return new Response(readFileSync(`static${pathname}`, 'utf8'), { headers });
  });
  await fresh({ prompt: 'My own prompt', maxTokens: 5 });
});
afterEach(() => {
  closeCard();
  vi.unstubAllGlobals();
});

test('every card shows its record in its view, with numbers and without a model', async () => {
  for (const { id, run } of cards) {
    await openCard(id);
    expect(notices()).toEqual([]);
    expect(lesson.current?.card.id).toBe(id);
    expect(playground.settings.view.page).toBe(run.page);
    answer(0);
    const shown = compare.comparison?.texts ?? playground.texts;
    expect(shown.length, id).toBeGreaterThan(0);
    expect(shown.every((text) => texts.recordOf(text.id)?.state === 'recorded')).toBe(true);
  }
  expect(lesson.answered.size).toBe(cards.length);
});

test('the answer is hidden until the question is answered, and the next token has candidates and no choice', async () => {
  const card = cards.find(({ id }) => id === 'race')!;
  await openCard(card.id);
  expect(outputs()).toBe(card.run.shown);
  const { text, position, recordedText } = playground;
  expect(position).toBe(text!.length);
  const step = recordedText!.view(position!)!;
  expect(step.chosen).toBeNull();
  expect(step.rows.length).toBeGreaterThan(10);
  answer(card.right);
  expect(lesson.current?.chosen).toBe(card.right);
  expect(outputs()).toBeGreaterThan(card.run.shown!);
  expect(playground.recordedText!.view(playground.position!)!.chosen).not.toBeNull();
});

test('a second answer does not replace the first one', async () => {
  await openCard('race');
  answer(1);
  answer(0);
  expect(lesson.current?.chosen).toBe(1);
});

test('closing a card brings back the texts, the comparison and the settings that were there', async () => {
  await run();
  const { settings, texts: own, current } = playground;
  await openCard('temperature');
  answer(0);
  await openCard('race');
  expect(playground.texts.map(({ id }) => id)).not.toContain(current);
  closeCard();
  expect(lesson.current).toBeNull();
  expect(playground.texts).toEqual(own);
  expect(playground.current).toBe(current);
  expect(playground.settings).toEqual(settings);
  expect(compare.comparison).toBeNull();
});

test('what a person runs on a card stays when the card is answered and closed', async () => {
  await openCard('race');
  playground.takeSettings({ maxTokens: 5 });
  await run();
  const { current } = playground;
  answer(0);
  expect(playground.current).toBe(current);
  closeCard();
  expect(playground.current).toBe(current);
  expect(playground.text?.length).toBeGreaterThan(0);
});

test('a card that a link opened leaves the page as it is at its start', async () => {
  const { model } = playground.settings;
  await openCard('temperature', false);
  closeCard();
  expect(compare.comparison).toBeNull();
  expect(playground.settings).toEqual({ ...defaultSettings(), model });
});

test('a card whose record comes late does not replace a newer one, and none opens after closing', async () => {
  let arrive = (): void => undefined;
  beforeRecord = (path) => (path.includes('race') ? new Promise<void>((done) => (arrive = done)) : undefined);
  const late = openCard('race');
  await openCard('temperature');
  arrive();
  await late;
  expect(lesson.current?.card.id).toBe('temperature');
  const again = openCard('race');
  closeCard();
  arrive();
  await again;
  expect(lesson.current).toBeNull();
});

test('a run in progress is in the way of a card, with a sentence', async () => {
  playground.takeSettings({ maxTokens: 2000 });
  const running = run();
  await openCard('race');
  expect(lesson.current).toBeNull();
  expect(notices()).toEqual(['A run is in progress; stop it, and open the card again.']);
  stop();
  await running;
});

test('an unknown card and a missing record give a sentence', async () => {
  await openCard('nothing');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status: 404 })));
  await openCard('race');
  expect(notices()).toEqual([
    'Learn has no card “nothing”.',
    'The recorded run of the card “race” is missing; reload the page.',
  ]);
});
