import { promptSource, refreshPrompt } from '../../src/playground/prompt_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';

/** A component's life without a component. @returns ends its effects */
export function root(body: () => void): () => void {
  return $effect.root(body);
}

/** The prompt is counted as one types, as `App.svelte` does. */
export function followPrompt(): void {
  $effect(() => {
    void JSON.stringify(promptSource(playground.settings));
    refreshPrompt();
  });
}
