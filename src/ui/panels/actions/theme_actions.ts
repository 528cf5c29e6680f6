import type { Action } from '../../../playground/actions/action.ts';
import { theme, type ThemeChoice } from '../../charts/theme_store.svelte.ts';

const themes: readonly (readonly [ThemeChoice, string])[] = [
  ['light', 'Theme: light'],
  ['dark', 'Theme: dark'],
  ['auto', 'Theme: as the system has it'],
];

export const themeActions = themes.map(([choice, label]): Action => ({
  name: `theme-${choice}`,
  label,
  group: 'Look',
  on: () => theme.choice === choice,
  run: () => theme.choose(choice),
}));
