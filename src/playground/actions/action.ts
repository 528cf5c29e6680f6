/** What a person can do, as a record. The keys, the buttons, the list of keys and the palette derive from these. */
import { notifyFailure } from '../notices.ts';

export interface Action {
  /** Unique. */
  readonly name: string;
  readonly label: string;
  readonly group: Group;
  /** `KeyboardEvent.key`, or `Mod+` and a letter or Enter: Mod is Ctrl, and ⌘ on a Mac. */
  readonly key?: string;
  /** Why it cannot be done now, as a sentence; null if it can. It reads the page's state, so a component that shows it stays current. */
  readonly blocked?: () => string | null;
  /** For a switch: whether it is on. */
  readonly on?: () => boolean;
  /** Acts on the state as it is now. An action with a key changes nothing while it is blocked. */
  readonly run: () => unknown;
}

export type Group = 'Run' | 'Text' | 'Look' | 'Knobs' | 'Go to' | 'Compare' | 'Share' | 'Models' | 'Help';

export function whyBlocked({ blocked }: Action): string | null {
  return blocked ? blocked() : null;
}

/** Starts an action at once. If it fails later, a notice says so. */
export function perform({ run }: Action): void {
  void (async () => run())().catch(notifyFailure);
}

export function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

/** The words on the keys to press. */
export function keyCaps(key: string): string[] {
  if (!key.startsWith('Mod+')) return [key];
  const [letter = '', ...rest] = key.slice('Mod+'.length);
  return [onMac() ? '⌘' : 'Ctrl', letter.toUpperCase() + rest.join('')];
}

/** For a tooltip: why it is blocked, or else what it does and its key. */
export function titleOf(action: Action, blocked = whyBlocked(action)): string {
  const { label, key } = action;
  return blocked ?? (key === undefined ? label : `${label} (${keyCaps(key).join(' + ')})`);
}
