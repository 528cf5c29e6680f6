import { promptSource, refreshPrompt } from '../../src/playground/prompt_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';

/** Runs effects without a component. @returns a function that ends them */
export function root(body: () => void): () => void {
  return $effect.root(body);
}

/** Counts how often the value of `read` changes. `end` ends its effect. */
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

/** Tokenises the prompt as the person types, like `App.svelte`. */
export function followPrompt(): void {
  $effect(() => {
    void JSON.stringify(promptSource(playground.settings));
    refreshPrompt();
  });
}
