/** The actions with a key or a button. The palette brings the others (`more_actions.ts`). */
import { dialogs, type DialogName } from '../dialogs.svelte.ts';
import { goTo } from '../link/view_history.ts';
import { pageViews, tabOf, type PageView } from '../settings.ts';
import { rollSeed } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import type { Action } from './action.ts';
import { continueAction, partingAction, runAction, stepAction, stopAction } from './run.ts';
import { textActions } from './text.ts';

export const viewActions: readonly Action[] = (Object.keys(pageViews) as PageView[])
  .filter((page) => tabOf(page) === page)
  .map((page, index) => ({
    name: page,
    label: pageViews[page],
    group: 'Go to',
    key: String(index + 1),
    on: () => tabOf(playground.settings.view.page) === page,
    run: () => goTo(page),
  }));

/** @param key opens the dialog, and closes it again */
function opens(name: DialogName, label: string, group: Action['group'], key?: string): Action {
  const run = (): void => void (dialogs.shown = dialogs.shown === name ? null : name);
  return { name, label, group, run, ...(key === undefined ? {} : { key }) };
}

export const seedAction: Action = {
  name: 'seed',
  label: 'Another seed',
  group: 'Knobs',
  key: 'd',
  run: rollSeed,
};

export const paletteAction = opens('actions', 'Find an action', 'Help', 'Mod+k');
export const shortcutsAction = opens('shortcuts', 'Keyboard shortcuts', 'Help', '?');
export const shareAction = opens('share', 'Share, save, export', 'Share');
export const historyAction = opens('history', 'History: the runs that this browser keeps', 'Share');
export const modelsAction = opens(
  'models',
  'Models: from the hub, from any address, and those kept here',
  'Models',
);
export const fileAction: Action = {
  name: 'open-file',
  label: 'Open a .gguf file from your disk; it stays on your machine',
  group: 'Models',
  run: () => document.getElementById('model-file')?.click(),
};

/** If several actions share a key, it means the first that is not blocked: Escape stops a run, and without one it releases the held token. */
export const pageActions: readonly Action[] = [
  runAction,
  stopAction,
  stepAction,
  continueAction,
  partingAction,
  ...textActions,
  seedAction,
  ...viewActions,
  shareAction,
  historyAction,
  modelsAction,
  fileAction,
  paletteAction,
  shortcutsAction,
];
