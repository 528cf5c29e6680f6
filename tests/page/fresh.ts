/** Resets the page, with the scripted engine loaded. */
import { across } from '../../src/playground/across/state.svelte.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { defaultSettings, type Settings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { page, until } from './page.ts';

export async function fresh(settings: Partial<Settings> = {}): Promise<void> {
  page.reset();
  await until(() => playground.run.phase === 'idle');
  playground.clearTexts();
  playground.timing = null;
  playground.takeSettings({ ...defaultSettings(), ...settings });
  compare.clear();
  across.clear();
  const { engine } = playground;
  if (engine.phase !== 'ready' || !engine.summary.model.name.startsWith('Scripted')) await openScripted();
  playground.notices = [];
}

export function notices(): string[] {
  return playground.notices.map(({ text }) => text);
}

/** Output tokens of the text on view. */
export function outputs(): number {
  const { text } = playground;
  return text ? text.length - text.promptLength : 0;
}
