/** Makes each view that a person goes to an entry of the browser's history, so that Back returns to the view before. */
import { pageViews, type PageView } from '../settings.ts';
import { changeView } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';

/** What an entry keeps. */
interface Entry {
  readonly view: PageView;
  /** How many links the tab had opened by hand. Back across one of them opens the address of the entry instead. */
  readonly links: number;
}

let links = 0;

function entryOf(state: unknown): Entry | null {
  const { view, links: known } = (state ?? {}) as Partial<Entry>;
  return view !== undefined && view in pageViews && typeof known === 'number' ? { view, links: known } : null;
}

export function goTo(view: PageView): void {
  const left = playground.settings.view.page;
  if (view === left) return;
  history.replaceState({ view: left, links } satisfies Entry, '');
  changeView({ page: view });
  history.pushState({ view, links } satisfies Entry, '');
}

/** Call when an address opened as a link. */
export function openedLink(): void {
  links = entryOf(history.state)?.links ?? links + 1;
}

/** Whether the current entry was made since the last link, so that only its view counts. */
export function isOwnEntry(): boolean {
  return entryOf(history.state)?.links === links;
}

/** @param shown called when Back or Forward has shown another view */
export function followHistory(shown: () => void): () => void {
  links = entryOf(history.state)?.links ?? 0;
  const went = ({ state }: PopStateEvent): void => {
    const entry = entryOf(state);
    if (!entry || entry.links !== links) return;
    changeView({ page: entry.view });
    shown();
  };
  window.addEventListener('popstate', went);
  return () => window.removeEventListener('popstate', went);
}
