/** Figures on the page belong to the text, the step and the knobs that the page shows them with. */
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './effects.svelte.ts';
import { askOnView } from '../../src/playground/ask_on_view.ts';
import { followSelection } from '../../src/playground/inspect.svelte.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { select, showText } from '../../src/playground/selection_actions.ts';
import { changeSettings, setNumber } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import type { Recorded } from '../../src/playground/texts/recorded.ts';
import { candidateAt, isShown, shownStep, type ShownStep } from '../../src/playground/token_actions.ts';
import type { CandidateRow, StepView } from '../../src/worker/api/views.ts';
import { fresh, outputs } from './fresh.ts';
import { page, sleep, until } from './page.ts';

let end = (): void => undefined;
beforeEach(async () => {
  await fresh({ maxTokens: 6 });
  end = root(() => followSelection());
});
afterEach(() => end());

test('ignores an answer about another text that comes after a recorded one was selected', async () => {
  await run();
  flushSync();
  const live = playground.text!;
  const view = { chosen: 1, rows: [], stages: [] } as unknown as StepView;
  const recorded = { ...live, id: playground.newId(), name: 'recorded' };
  const origin: Recorded = {
    text: recorded.id,
    origin: 'link',
    model: { name: 'another', fileSize: 1, vocabularySize: 1 },
    stream: 0,
    byHand: [],
    top: () => [],
    view: () => view,
    state: 'recorded',
  };
  playground.addTexts([recorded], () => origin);
  page.before = (name) => (name === 'inspect' ? sleep(30) : undefined);
  select(live.promptLength + 1);
  flushSync();
  await sleep(5);
  showText(recorded.id);
  flushSync();
  await sleep(60);
  flushSync();
  expect(playground.inspected).toMatchObject({ text: recorded.id, view });
});

test('shows figures of a searched token only for the step and the knobs on view', async () => {
  await run();
  select(playground.text!.promptLength);
  flushSync();
  await until(() => playground.inspected !== null);
  const shown: { step: ShownStep; row: CandidateRow | null }[] = [];
  const ask = askOnView({
    ask: (step: ShownStep) => candidateAt(step, 5),
    stands: isShown,
    show: (row, step) => shown.push({ step, row }),
  });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  page.after = (name) => (name === 'candidate' ? held : undefined);
  ask(shownStep()!);
  select(playground.text!.promptLength + 1);
  flushSync();
  await until(() => playground.inspected?.position === playground.selected);
  ask(shownStep()!);
  setNumber('temperature', 0.3);
  flushSync();
  ask(shownStep()!);
  release();
  await until(() => shown.length > 0);
  expect(shown.map(({ step }) => step)).toEqual([shownStep()]);
});

test('while a text streams, header, figures and charts show the same step', async () => {
  changeSettings({ maxTokens: 60 });
  page.after = (name) => (name === 'inspect' ? sleep(15) : undefined);
  const running = run();
  let behind = 0;
  while (outputs() < 40 && playground.run.phase !== 'idle') {
    flushSync();
    if (playground.inspected) {
      expect(playground.shownPosition).toBe(playground.inspected.position);
      expect(playground.inspected.text).toBe(playground.current);
      if (playground.shownPosition !== playground.position) behind++;
    }
    await sleep(3);
  }
  await running;
  flushSync();
  await until(() => playground.inspected?.position === playground.position);
  // The text grew while an answer was in flight.
  expect(behind).toBeGreaterThan(0);
});
