/** Keeps the page's address in step with its settings, and the settings in step with an address that a person edits. */
import type { Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import { readFragment, writeFragment } from './fragment.ts';
import { shareableLength } from '../limits.ts';
import { followHistory, isOwnEntry, openedLink } from './view_history.ts';

/** A dragged slider gives one address when it rests. Browsers refuse more than about a hundred in half a minute. */
const restMs = 400;

/** Survives a reload of the tab, and tells a reload from a typed address. */
const storageKey = 'logitscope-address';

let written: string | null = null;

/** Whether this tab wrote the current fragment. */
export function isOwnAddress(): boolean {
  if (written !== null) return location.hash === written;
  try {
    return sessionStorage.getItem(storageKey) === location.hash;
  } catch {
    return false;
  }
}

/** Call once, while a component is being set up. */
export function followAddress(): void {
  $effect(() => {
    const { settings } = playground;
    const timer = setTimeout(() => writeAddress(settings), restMs);
    return () => clearTimeout(timer);
  });

  $effect(() => {
    const changed = (): void => {
      const link = isOwnAddress() || isOwnEntry() ? null : readFragment(location.hash);
      if (!link) return;
      openedLink();
      void import('./open_link.ts').then(({ openLink }) => openLink(link));
    };
    window.addEventListener('hashchange', changed);
    return () => window.removeEventListener('hashchange', changed);
  });

  $effect(() => followHistory(() => writeAddress(playground.settings)));
}

/**
 * Replaces the address, so that Back skips the values that a setting had. A link's record stays in it until a setting changes.
 * A prompt too long for an address stays out of it.
 */
function writeAddress(settings: Settings): void {
  const fragment = writeFragment(settings);
  if (fragment === settingsPart(location.hash)) return;
  written = fragment.length > shareableLength ? '' : `#${fragment}`;
  history.replaceState(history.state, '', written === '' ? location.pathname + location.search : written);
  try {
    sessionStorage.setItem(storageKey, written);
  } catch {
    // Refused: a reload then reads the address as a link.
  }
}

function settingsPart(hash: string): string {
  return hash.replace(/^#/, '').replace(/&r=[^&]*$/, '');
}
