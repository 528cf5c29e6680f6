/** The prompt as the model sees it; the worker tokenises it as the person types. */
import { EngineError } from '../engines/contract.ts';
import type { PromptSource } from '../worker/api/worker_api.ts';
import { worker } from './connection.ts';
import { isModel, writerOf } from './texts/held_texts.ts';
import { latestOnly } from './latest_only.ts';
import { allTokens, promptText, type PageText } from './texts/text.ts';
import { sentenceOf } from './notices.ts';
import type { Settings } from './settings.ts';
import { playground } from './state.svelte.ts';

export function promptSource(settings: Settings): PromptSource {
  return settings.mode === 'chat'
    ? { kind: 'chat', messages: settings.messages }
    : { kind: 'text', text: settings.prompt };
}

const tokenise = latestOnly(async (source: PromptSource) => {
  try {
    const prompt = await worker().tokenise(source);
    if (isPrompt(source)) playground.setPrompt(prompt);
  } catch (error) {
    // The end of the worker says nothing about the prompt.
    const said = error instanceof EngineError && error.code === 'worker-ended' ? null : sentenceOf(error);
    if (isPrompt(source)) playground.setPrompt(null, said);
  }
});

/** Whether the prompt's field still has this content. */
function isPrompt(source: PromptSource): boolean {
  return playground.engine.phase === 'ready' && samePrompt(source, promptSource(playground.settings));
}

function samePrompt(a: PromptSource, b: PromptSource): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether a text was written from another prompt than the one on view; false if that is not known. */
export function isStale(text: PageText): boolean {
  const { settings, prompt, engine } = playground;
  if (text.source) return !samePrompt(text.source, promptSource(settings));
  if (settings.mode === 'text' && writtenFrom(text, settings.prompt)) return false;
  const writer = writerOf(text);
  if (prompt && writer && engine.phase === 'ready' && isModel(engine.summary, writer)) {
    const wrote = allTokens(text).slice(0, text.promptLength);
    return wrote.map(({ token }) => token).join() !== prompt.tokens.map(({ token }) => token).join();
  }
  return settings.mode === 'text';
}

/** Some tokenizers put a space before the first word. */
export function writtenFrom(text: PageText, prompt: string): boolean {
  return [prompt, ` ${prompt}`].includes(promptText(text));
}

/** Asks for the prompt's tokens; does nothing without a model. */
export function refreshPrompt(): void {
  if (playground.engine.phase === 'ready') tokenise(promptSource(playground.settings));
}

/** Cuts tokens from the prompt's beginning until the prompt and the requested output fit. */
export async function cutPrompt(): Promise<void> {
  const { prompt, engine, settings } = playground;
  if (engine.phase !== 'ready' || !prompt || settings.mode !== 'text') return;
  const { contextLength } = engine.summary.model;
  const room = Math.max(1, contextLength - Math.min(settings.maxTokens, Math.floor(contextLength / 2)));
  // A piece is whole text, so the rest is the end of the prompt as typed.
  const kept = prompt.tokens
    .slice(-room)
    .filter(({ kind }) => kind !== 'control')
    .map(({ piece }) => piece)
    .join('');
  playground.takeSettings({ prompt: kept });
}
