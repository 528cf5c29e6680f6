/** Running, stopping and continuing. */
import { carryOn, continueFromDivergence, stepOnce } from '../branch_actions.ts';
import { isStale } from '../prompt_actions.ts';
import { runHere } from '../run_command.ts';
import { playground } from '../state.svelte.ts';
import { continueBlocked, runBlocked, stop } from '../texts/run_actions.ts';
import type { Action } from './action.ts';

export function busy(): string | null {
  return playground.run.phase === 'idle' ? null : 'A run is in progress: stop it, or wait for its end.';
}

export function noText(): string | null {
  return playground.text && playground.text.length > 0 ? null : 'There is no text yet: press Run.';
}

export const runAction: Action = {
  name: 'run',
  label: 'Run',
  group: 'Run',
  key: 'Mod+Enter',
  blocked: () => busy() ?? runBlocked(),
  run: runHere,
};

export const stopAction: Action = {
  name: 'stop',
  label: 'Stop',
  group: 'Run',
  key: 'Escape',
  blocked: () => (playground.run.phase === 'idle' ? 'No run is in progress.' : null),
  run: stop,
};

export const stepAction: Action = {
  name: 'step',
  label: 'Step: draw one token',
  group: 'Run',
  key: 's',
  blocked: () => {
    const { text } = playground;
    return busy() ?? (text && !isStale(text) ? continueBlocked(text) : runBlocked());
  },
  run: stepOnce,
};

export const continueAction: Action = {
  name: 'continue',
  label: 'Continue the text',
  group: 'Run',
  blocked: () => {
    const { text } = playground;
    if (!text) return noText();
    if (text.reason === 'context-full') return 'The text fills the model’s context.';
    return busy() ?? continueBlocked(text);
  },
  run: carryOn,
};

export const partingAction: Action = {
  name: 'run-on-from-parting',
  label: 'Continue from where the text parts',
  group: 'Run',
  blocked: () => {
    const { text, overlay } = playground;
    const parts = text && overlay?.text === text.id && overlay.rederived.firstDivergence !== null;
    return parts
      ? (busy() ?? continueBlocked(text))
      : 'With these settings the text stays the same: change one first.';
  },
  run: continueFromDivergence,
};
