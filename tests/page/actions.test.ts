import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keyCaps, titleOf, whyBlocked, type Action } from '../../src/playground/actions/action.ts';
import { findActions } from '../../src/playground/actions/find_actions.ts';
import { handleKey } from '../../src/playground/actions/keys.ts';
import { moreActions } from '../../src/playground/actions/more_actions.ts';
import { pageActions } from '../../src/playground/actions/page_actions.ts';
import { runAction, stepAction, stopAction } from '../../src/playground/actions/run.ts';
import { dialogs } from '../../src/playground/dialogs.svelte.ts';
import { select } from '../../src/playground/selection_actions.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { changesOf, followPrompt, root } from './effects.svelte.ts';
import { fresh, notices, outputs } from './fresh.ts';
import { until } from './page.ts';

const all: readonly Action[] = [...pageActions, ...moreActions];
const keyed = all.filter(({ key }) => key !== undefined);
const named = (name: string): Action => all.find((action) => action.name === name)!;

/** An element in which a person types, or one in which not. */
class Target {
  constructor(private readonly field: boolean) {}
  closest(): this | null {
    return this.field ? this : null;
  }
}

function press(key: string, init: Partial<KeyboardEvent> = {}): boolean {
  const none = { defaultPrevented: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
  return handleKey({ key, target: new Target(false) as unknown, ...none, ...init } as KeyboardEvent);
}

/** Presses what the sheet of keys names. */
function pressKeyOf({ key }: Action): boolean {
  return key!.startsWith('Mod+') ? press(key!.slice('Mod+'.length), { ctrlKey: true }) : press(key!);
}

const typing = { target: new Target(true) as unknown as EventTarget };

beforeEach(async () => {
  vi.stubGlobal('HTMLElement', Target);
  vi.stubGlobal('navigator', { platform: 'Linux x86_64' });
  await fresh({ maxTokens: 3 });
  dialogs.shown = null;
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the records', () => {
  test('have unique names and labels', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(({ label }) => label)).size).toBe(all.length);
    for (const { label } of all) expect(label).toMatch(/^[A-Z]/);
  });

  test('share a key only if one of them is always blocked', async () => {
    const inTurn = (): string[] => keyed.filter((one) => whyBlocked(one) === null).map(({ key }) => key!);
    await run();
    expect(new Set(inTurn()).size).toBe(inTurn().length);
    select(playground.text!.promptLength);
    expect(new Set(inTurn()).size).toBe(inTurn().length);
    expect(keyed.filter(({ key }) => key === 'Escape').map(({ name }) => name)).toEqual([
      'stop',
      'release-token',
    ]);
  });

  test('have a key only if the page knows them before it fetches the palette', () => {
    expect(moreActions.filter(({ key }) => key !== undefined)).toEqual([]);
  });

  test.each([
    ['an empty page', () => undefined],
    ['a run', () => void run()],
    ['no prompt', () => changeSettings({ prompt: '' })],
    ['a model that loads', () => playground.setEngine({ phase: 'loading', name: 'm', progress: null })],
  ])('say in a sentence why they cannot be done: %s', (_, prepare) => {
    const { engine } = playground;
    prepare();
    const reasons = all.map(whyBlocked).filter((reason) => reason !== null);
    expect(reasons.length).toBeGreaterThan(3);
    for (const reason of reasons) expect(reason).toMatch(/^[A-Z][^]*\.$|press Run\.$/);
    if (playground.engine !== engine) playground.setEngine(engine);
  });

  test('have a title that says the key, or why they are blocked', async () => {
    expect(titleOf(stopAction)).toBe('No run is in progress.');
    expect(titleOf(runAction)).toBe('Run (Ctrl + Enter)');
    expect(keyCaps('Mod+k')).toEqual(['Ctrl', 'K']);
    vi.stubGlobal('navigator', { platform: 'MacIntel' });
    expect(keyCaps('Mod+k')).toEqual(['⌘', 'K']);
    expect(keyCaps('[')).toEqual(['[']);
    await run();
  });
});

describe('keys', () => {
  test.each(keyed.map((action) => [action.key!, action.name, action] as const))(
    '%s is heard: %s',
    (_key, name, action) => {
      const done = vi.spyOn(action, 'run').mockReturnValue(undefined);
      if (action.blocked) vi.spyOn(action, 'blocked').mockReturnValue(null);
      // It shares its key with Stop, which has nothing to do here.
      if (name === 'release-token') expect(whyBlocked(stopAction)).not.toBeNull();
      expect(pressKeyOf(action)).toBe(true);
      expect(done).toHaveBeenCalledTimes(1);
    },
  );

  test('that belong to others, or go into a text field, have no effect', () => {
    const { settings } = playground;
    for (const key of ['x', 'Enter', 'k', 'S', 'ArrowLeft']) expect(press(key)).toBe(false);
    for (const key of ['s', 'c', 'Escape', '?']) expect(press(key, typing)).toBe(false);
    expect(press('c', { altKey: true })).toBe(false);
    expect(press('c', { ctrlKey: true })).toBe(false);
    expect(press('c', { defaultPrevented: true })).toBe(false);
    expect(playground.settings).toBe(settings);
    expect(dialogs.shown).toBeNull();
  });

  test('Ctrl-K opens the palette, also from a field and with Caps Lock, and closes it', () => {
    expect(press('k', { ctrlKey: true, ...typing })).toBe(true);
    expect(dialogs.shown).toBe('actions');
    expect(press('K', { ctrlKey: true, ...typing })).toBe(true);
    expect(dialogs.shown).toBeNull();
    // Other programs' keys: the console of Firefox, and AltGr.
    expect(press('K', { ctrlKey: true, shiftKey: true })).toBe(false);
    expect(press('k', { ctrlKey: true, altKey: true })).toBe(false);
  });

  test('⌘K opens it on a Mac, where Ctrl-K still edits text; Enter works with both', () => {
    vi.stubGlobal('navigator', { platform: 'MacIntel' });
    expect(press('k', { ctrlKey: true, ...typing })).toBe(false);
    expect(press('k', { metaKey: true, ...typing })).toBe(true);
    expect(dialogs.shown).toBe('actions');
    const done = vi.spyOn(runAction, 'run').mockReturnValue(undefined);
    expect(press('Enter', { ctrlKey: true, ...typing })).toBe(true);
    expect(press('Enter', { metaKey: true, ...typing })).toBe(true);
    expect(done).toHaveBeenCalledTimes(2);
  });

  test('Ctrl-K replaces another dialog, whose late closing leaves the palette open', () => {
    dialogs.shown = 'history';
    press('k', { ctrlKey: true, ...typing });
    dialogs.close('history');
    expect(dialogs.shown).toBe('actions');
  });

  test('the page ignores keys while a dialog is being fetched, and Escape cancels the dialog', async () => {
    await run();
    select(5);
    press('k', { ctrlKey: true });
    const { settings } = playground;
    for (const key of ['c', 'w', '2', '?']) expect(press(key)).toBe(false);
    expect(playground.settings).toBe(settings);
    expect(press('Escape')).toBe(true);
    expect(dialogs.shown).toBeNull();
    expect(playground.selected).toBe(5);
  });

  test('Escape first stops the run and keeps the held token, then releases the token', async () => {
    await run();
    const { text } = playground;
    changeSettings({ maxTokens: 200 });
    const going = run();
    await until(() => playground.text !== text && outputs() > 1);
    select(2);
    press('Escape');
    expect(playground.run.phase).toBe('stopping');
    press('Escape');
    expect(playground.selected).toBe(2);
    await going;
    press('Escape');
    expect(playground.selected).toBeNull();
  });

  test('of blocked actions change nothing', async () => {
    const unchanged = (): void => {
      const before = [
        playground.settings,
        playground.texts,
        playground.selected,
        playground.run,
        dialogs.shown,
      ];
      for (const action of keyed.filter((one) => whyBlocked(one) !== null && one.key !== 'Escape'))
        expect(pressKeyOf(action)).toBe(true);
      expect([
        playground.settings,
        playground.texts,
        playground.selected,
        playground.run,
        dialogs.shown,
      ]).toEqual(before);
    };
    vi.stubGlobal('document', { ...document, querySelector: () => null });
    unchanged();
    const going = run();
    unchanged();
    await going;
    expect(playground.texts).toHaveLength(1);
  });

  test('Run says that the prompt is too long', async () => {
    const end = root(followPrompt);
    changeSettings({ prompt: 'Once upon a time. '.repeat(10_000) });
    await until(() => whyBlocked(runAction) !== null);
    expect(press('Enter', { ctrlKey: true })).toBe(true);
    await until(() => playground.notices.length > 0);
    expect(notices()).toEqual([whyBlocked(runAction)]);
    expect(playground.texts).toEqual([]);
    end();
  });

  test('Step without a text draws the first token of the prompt', async () => {
    const end = root(followPrompt);
    await until(() => whyBlocked(stepAction) === null);
    press('s');
    await until(() => outputs() === 1 && playground.run.phase === 'idle');
    end();
  });
});

test('readers of whether Run is blocked re-render when a run ends', async () => {
  const end = root(followPrompt);
  const { count, end: endCount } = changesOf(() => whyBlocked(runAction));
  const going = run();
  await until(() => count() > 0);
  expect(whyBlocked(runAction)).toContain('A run is in progress');
  expect(whyBlocked(stopAction)).toBeNull();
  await going;
  expect(whyBlocked(runAction)).toBeNull();
  expect(whyBlocked(stopAction)).toBe('No run is in progress.');
  endCount();
  end();
});

test('each choice in the palette sets what its label says', () => {
  const { seed } = playground.params;
  named('chain-openai').run();
  expect(playground.params.order.indexOf('temperature')).toBeLessThan(
    playground.params.order.indexOf('top_k'),
  );
  expect(playground.params.seed).toBe(seed);
  named('prompt-list').run();
  expect(playground.settings.prompt).toContain('Lily put three things');
  named('output-date').run();
  expect(playground.params.grammar?.kind).toBe('regex');
  expect(named('output-free').on!()).toBe(false);
  named('output-free').run();
  expect(named('output-free').on!()).toBe(true);
  named('method-beam').run();
  expect(playground.settings).toMatchObject({ method: { kind: 'beam' }, view: { page: 'compare' } });
  named('lanes-temperatures').run();
  expect(playground.settings.method.kind).toBe('lanes');
  expect(playground.settings.lanes).toHaveLength(4);
  named('colour-rank').run();
  expect(playground.settings.view.colour).toBe('rank');
});

describe('finding an action', () => {
  const labels = (query: string): string[] => findActions(all, query).map(({ label }) => label);

  test('an empty query lists them all, in order', () => {
    expect(findActions(all, ' ')).toEqual(all);
  });

  test('matches words in any order, in the label or the group', () => {
    expect(labels('neutral reset')).toEqual(['Reset the chain to Neutral']);
    expect(labels('knobs openai')).toEqual(['Reset the chain to OpenAI']);
    expect(labels('COLOUR  rank')).toEqual(['Colour by rank']);
  });

  test('ranks matches at the beginning of the label first, then at the beginning of a word', () => {
    const made = ['Unstep', 'One step', 'Step', 'Stop'].map((label, index): Action => ({
      name: String(index),
      label,
      group: 'Run',
      run: () => undefined,
    }));
    expect(findActions(made, 'step').map(({ label }) => label)).toEqual(['Step', 'One step', 'Unstep']);
  });

  test('finds nothing if no action matches', () => {
    expect(labels('colour zebra')).toEqual([]);
  });
});
