/** What a person can do, as a record: from these derive the keys, the buttons, the sheet of keys and the palette. */
import { notifyFailure } from '../notices.ts';

export interface Action {
  /** Unique. */
  readonly name: string;
  readonly label: string;
  readonly group: Group;
  /** `KeyboardEvent.key`, or `Mod+` and a letter or Enter: Mod is Ctrl, and ⌘ on a Mac. */
  readonly key?: string;
  /** Why it cannot be done now, as a sentence; null where it can. Reads the page's state, so what shows it stays current. */
  readonly blocked?: () => string | null;
  /** Whether what it switches on is on. */
  readonly on?: () => boolean;
  /** Acts on the state as it is now. Of an action with a key it changes nothing where that action is blocked. */
  readonly run: () => unknown;
}

export type Group = 'Run' | 'Text' | 'Look' | 'Knobs' | 'Go to' | 'Compare' | 'Share' | 'Models' | 'Help';

export function whyBlocked({ blocked }: Action): string | null {
  return blocked ? blocked() : null;
}

/** Starts it at once; what goes wrong later is said in a notice. */
export function perform({ run }: Action): void {
  void (async () => run())().catch(notifyFailure);
}

export function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

/** What is printed on the keys to press. */
export function keyCaps(key: string): string[] {
  if (!key.startsWith('Mod+')) return [key];
  const [letter = '', ...rest] = key.slice('Mod+'.length);
  return [onMac() ? '⌘' : 'Ctrl', letter.toUpperCase() + rest.join('')];
}

/** For a tooltip: why not, or what it does and by which key. */
export function titleOf(action: Action): string {
  const { label, key } = action;
  return whyBlocked(action) ?? (key === undefined ? label : `${label} (${keyCaps(key).join(' + ')})`);
}
