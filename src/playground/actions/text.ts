/** Moving along the text, and its look. */
import { moveSelection, select } from '../selection_actions.ts';
import { changeView } from '../settings_actions.ts';
import { colourModes } from '../settings_schema.ts';
import { playground } from '../state.svelte.ts';
import type { Action } from './action.ts';
import { noText } from './run.ts';

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

export const previousAction: Action = {
  name: 'previous-token',
  label: 'Previous token',
  group: 'Text',
  key: '[',
  blocked: noText,
  run: () => moveSelection(-1),
};

export const nextAction: Action = {
  name: 'next-token',
  label: 'Next token',
  group: 'Text',
  key: ']',
  blocked: noText,
  run: () => moveSelection(1),
};

export const whitespaceAction: Action = {
  name: 'whitespace',
  label: 'Show spaces, line ends, and partial bytes',
  group: 'Look',
  key: 'w',
  on: () => playground.settings.view.whitespace,
  run: () => changeView({ whitespace: !playground.settings.view.whitespace }),
};

export const textActions: readonly Action[] = [
  {
    name: 'to-prompt',
    label: 'Go to the prompt',
    group: 'Text',
    key: 'p',
    blocked: () =>
      ['sample', 'compare'].includes(playground.settings.view.page)
        ? null
        : 'The Playground and Compare views have the prompt.',
    run: () => focus('#prompt, .turns textarea'),
  },
  {
    name: 'to-text',
    label: 'Go to the text',
    group: 'Text',
    key: 't',
    blocked: () =>
      playground.settings.view.page === 'sample' ? noText() : 'The Playground view has the text.',
    run: () => focus('.text'),
  },
  previousAction,
  nextAction,
  {
    name: 'release-token',
    label: 'Release the held token',
    group: 'Text',
    key: 'Escape',
    blocked: () => (playground.selected === null ? 'No token is held.' : null),
    run: () => select(null),
  },
  {
    name: 'next-colour',
    label: 'Next colouring',
    group: 'Look',
    key: 'c',
    run: () => {
      const { colour } = playground.settings.view;
      changeView({ colour: colourModes[(colourModes.indexOf(colour) + 1) % colourModes.length]! });
    },
  },
  whitespaceAction,
  {
    name: 'log-scale',
    label: 'Log scale for the candidates',
    group: 'Look',
    key: 'l',
    on: () => playground.settings.view.scale === 'log',
    run: () => changeView({ scale: playground.settings.view.scale === 'log' ? 'linear' : 'log' }),
  },
];
