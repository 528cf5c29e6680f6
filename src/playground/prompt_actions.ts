/** The prompt as the model sees it: tokenised in the worker as one types. */
import type { PromptSource } from '../worker/api.ts';
import { worker } from './connection.ts';
import { latestOnly } from './latest_only.ts';
import type { Settings } from './settings.ts';
import { playground } from './state.svelte.ts';

export function promptSource(settings: Settings): PromptSource {
  return settings.mode === 'chat'
    ? { kind: 'chat', messages: settings.messages }
    : { kind: 'text', text: settings.prompt };
}

const tokenise = latestOnly(async (source: PromptSource) => {
  try {
    playground.change({ prompt: await worker().tokenise(source), promptError: null });
  } catch (error) {
    playground.change({ prompt: null, promptError: error instanceof Error ? error.message : String(error) });
  }
});

/** Asks for the prompt's tokens; does nothing without a model. */
export function refreshPrompt(): void {
  if (playground.engine.phase === 'ready') tokenise(promptSource(playground.settings));
}

/** Cuts tokens from the prompt's beginning until it fits with the room that the output asked for. */
export async function cutPrompt(): Promise<void> {
  const { prompt, engine, settings } = playground;
  if (engine.phase !== 'ready' || !prompt || settings.mode !== 'text') return;
  const { contextLength } = engine.summary.model;
  const room = Math.max(1, contextLength - Math.min(settings.maxTokens, Math.floor(contextLength / 2)));
  // A piece is whole text, so what is left is the tail of the prompt as it was typed.
  const kept = prompt.tokens
    .slice(-room)
    .filter(({ kind }) => kind !== 'control')
    .map(({ piece }) => piece)
    .join('');
  playground.change({ settings: { ...settings, prompt: kept } });
}
