import { promptSource, refreshPrompt } from '../../src/playground/prompt_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';

/** A component's life without a component. @returns ends its effects */
export function root(body: () => void): () => void {
  return $effect.root(body);
}

/** @returns how often what `read` reads has changed; and ends its effect */
export function changesOf(read: () => unknown): { count: () => number; end: () => void } {
  let runs = 0;
  const end = root(() => {
    $effect(() => {
      read();
      runs++;
    });
  });
  return { count: () => runs - 1, end };
}

/** The prompt is counted as one types, as `App.svelte` does. */
export function followPrompt(): void {
  $effect(() => {
    void JSON.stringify(promptSource(playground.settings));
    refreshPrompt();
  });
}
