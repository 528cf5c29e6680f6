/** What the page opens with: a link, what this tab showed before a reload, or the opening run that comes with the page. */
import { openFirstModel } from './engine_actions.ts';
import { isOwnAddress } from './link/address_bar.svelte.ts';
import { readFragment, type LinkState } from './link/fragment.ts';
import { playground } from './state.svelte.ts';

export async function start(): Promise<void> {
  const query = new URLSearchParams(location.search);
  // Read before the first await, because the page writes its own address as soon as it is idle.
  const link = readFragment(location.hash);
  const shown = show(link, isOwnAddress(), query);
  // Loading takes longest, so it begins at once and does not wait until everything is shown.
  await openFirstModel(
    query,
    shown.catch(() => undefined),
  );
  await shown;
}

/** @param reload whether the page wrote the address; a person gave any other one, and it is shown alone */
async function show(link: LinkState | null, reload: boolean, query: URLSearchParams): Promise<void> {
  if (link) await (await import('./link/open_link.ts')).openLink(link);
  const { keepHistory } = await import('./history/keeping.svelte.ts');
  await keepHistory(reload, reload && link === null);
  const fresh = playground.texts.length === 0 && (link === null || reload);
  const card = query.get('learn');
  if (card !== null) await (await import('./learn/open_card.ts')).openCard(card, !fresh);
  else if (fresh && query.get('engine') !== 'scripted')
    void import('./record/page_run.ts').then(({ openPageRun }) => openPageRun(link === null));
}
