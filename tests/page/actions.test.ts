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
  test('have names and labels of their own', () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(new Set(all.map(({ label }) => label)).size).toBe(all.length);
    for (const { label } of all) expect(label).toMatch(/^[A-Z]/);
  });

  test('share a key only where they cannot both be done', async () => {
    const inTurn = (): string[] => keyed.filter((one) => whyBlocked(one) === null).map(({ key }) => key!);
    await run();
    expect(new Set(inTurn()).size).toBe(inTurn().length);
    select(playground.line!.promptLength);
    expect(new Set(inTurn()).size).toBe(inTurn().length);
    expect(keyed.filter(({ key }) => key === 'Escape').map(({ name }) => name)).toEqual([
      'stop',
      'release-token',
    ]);
  });

  test('have a key only where the page hears it, which is before the palette is fetched', () => {
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

  test('give a title with the key, or the reason', async () => {
    expect(titleOf(stopAction)).toBe('Nothing runs.');
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

  test('of others, and where something is typed, are left alone', () => {
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

  test('on a Mac it is ⌘K, and Ctrl-K keeps cutting the line; Enter goes with both', () => {
    vi.stubGlobal('navigator', { platform: 'MacIntel' });
    expect(press('k', { ctrlKey: true, ...typing })).toBe(false);
    expect(press('k', { metaKey: true, ...typing })).toBe(true);
    expect(dialogs.shown).toBe('actions');
    const done = vi.spyOn(runAction, 'run').mockReturnValue(undefined);
    expect(press('Enter', { ctrlKey: true, ...typing })).toBe(true);
    expect(press('Enter', { metaKey: true, ...typing })).toBe(true);
    expect(done).toHaveBeenCalledTimes(2);
  });

  test('Ctrl-K over another dialog takes its place, and what closes late closes nothing else', () => {
    dialogs.shown = 'history';
    press('k', { ctrlKey: true, ...typing });
    dialogs.close('history');
    expect(dialogs.shown).toBe('actions');
  });

  test('what is typed while a dialog is being fetched is not for the page, and Escape takes the dialog back', async () => {
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

  test('Escape stops a run and keeps the held token, and then lets it go', async () => {
    await run();
    const { line } = playground;
    changeSettings({ maxTokens: 200 });
    const going = run();
    await until(() => playground.line !== line && outputs() > 1);
    select(2);
    press('Escape');
    expect(playground.run.phase).toBe('stopping');
    press('Escape');
    expect(playground.selected).toBe(2);
    await going;
    press('Escape');
    expect(playground.selected).toBeNull();
  });

  test('of actions that cannot be done change nothing', async () => {
    const unchanged = (): void => {
      const before = [
        playground.settings,
        playground.lines,
        playground.selected,
        playground.run,
        dialogs.shown,
      ];
      for (const action of keyed.filter((one) => whyBlocked(one) !== null && one.key !== 'Escape'))
        expect(pressKeyOf(action)).toBe(true);
      expect([
        playground.settings,
        playground.lines,
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
    expect(playground.lines).toHaveLength(1);
  });

  test('Run says why it cannot: the prompt is too long', async () => {
    const end = root(followPrompt);
    changeSettings({ prompt: 'Once upon a time. '.repeat(10_000) });
    await until(() => whyBlocked(runAction) !== null);
    expect(press('Enter', { ctrlKey: true })).toBe(true);
    await until(() => playground.notices.length > 0);
    expect(notices()).toEqual([whyBlocked(runAction)]);
    expect(playground.lines).toEqual([]);
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

test('what shows whether Run can be pressed hears of the end of a run', async () => {
  const end = root(followPrompt);
  const { count, end: endCount } = changesOf(() => whyBlocked(runAction));
  const going = run();
  await until(() => count() > 0);
  expect(whyBlocked(runAction)).toContain('A run is going on');
  expect(whyBlocked(stopAction)).toBeNull();
  await going;
  expect(whyBlocked(runAction)).toBeNull();
  expect(whyBlocked(stopAction)).toBe('Nothing runs.');
  endCount();
  end();
});

test('the choices of the palette set what they name', () => {
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

  test('words stand in any order, in the label or the name of its group', () => {
    expect(labels('neutral reset')).toEqual(['Reset the chain to Neutral']);
    expect(labels('knobs openai')).toEqual(['Reset the chain to OpenAI']);
    expect(labels('COLOUR  rank')).toEqual(['Colour by rank']);
  });

  test('the beginning of the label comes before that of a word, and that before the rest', () => {
    const made = ['Unstep', 'One step', 'Step', 'Stop'].map((label, index): Action => ({
      name: String(index),
      label,
      group: 'Run',
      run: () => undefined,
    }));
    expect(findActions(made, 'step').map(({ label }) => label)).toEqual(['Step', 'One step', 'Unstep']);
  });

  test('nothing is found for what no action has', () => {
    expect(labels('colour zebra')).toEqual([]);
  });
});
