/** What Run does on the present view, which may bring a run of its own. */
import { tabOf, type ViewSettings } from './settings.ts';
import { playground } from './state.svelte.ts';
import { run } from './texts/run_actions.ts';

let own: (() => Promise<void>) | null = null;
/** The visit to a view in which Run was pressed before the view was there. */
let early: ViewSettings | null = null;

export function runHere(): Promise<void> {
  if (own) return own();
  const { view } = playground.settings;
  if (tabOf(view.page) !== 'compare') return run();
  // The view is still being fetched. The press means that view's run, not the run of the text behind it.
  early = view;
  return Promise.resolve();
}

/** @returns a function that withdraws the command */
export function bringRun(command: () => Promise<void>): () => void {
  own = command;
  if (early !== null && early === playground.settings.view) void command();
  early = null;
  return () => {
    if (own === command) own = null;
  };
}
