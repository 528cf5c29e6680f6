/** The page's keys. They work everywhere except in text fields; those with Ctrl or ⌘ work there too. */
import { dialogs } from '../dialogs.svelte.ts';
import { onMac, perform, whyBlocked } from './action.ts';
import { pageActions } from './page_actions.ts';

/** @returns whether the key belongs to the page, so that the caller prevents its default */
export function handleKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented) return false;
  if (!event.ctrlKey && !event.metaKey) {
    if (event.altKey || typing(event.target)) return false;
    // While a dialog is being fetched, keys are meant for the dialog.
    if (dialogs.shown) {
      if (event.key === 'Escape') dialogs.shown = null;
      return event.key === 'Escape';
    }
  }
  const meant = pageActions.filter(({ key }) => key !== undefined && isKey(event, key));
  const action = meant.find((one) => whyBlocked(one) === null) ?? meant.at(-1);
  if (action) perform(action);
  return action !== undefined;
}

function isKey(event: KeyboardEvent, key: string): boolean {
  const { ctrlKey, metaKey, altKey, shiftKey } = event;
  const withMod = key.startsWith('Mod+');
  if (withMod !== (ctrlKey || metaKey)) return false;
  if (!withMod || key === 'Mod+Enter') return event.key === key.replace('Mod+', '');
  // On a Mac, Ctrl with a letter edits the text in a field.
  return (onMac() ? metaKey : ctrlKey) && !altKey && !shiftKey && event.key.toLowerCase() === key.slice(4);
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input:not([type=radio], [type=range]), textarea, select, [role=dialog]') !== null
  );
}
