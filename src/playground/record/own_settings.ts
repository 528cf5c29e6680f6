/** The settings saved and shared with a text: those that wrote it, not the current knobs. */
import { worker } from '../connection.ts';
import { isModel, writerOf } from '../texts/held_texts.ts';
import { allTokens, promptText, type PageText } from '../texts/text.ts';
import { isStale, writtenFrom } from '../prompt_actions.ts';
import { maxTokensRange, type Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import type { Recordable } from './make_record.ts';
import { opened } from './opened.svelte.ts';

/** Settings with which the page writes the text or the comparison again. */
export async function ownSettings({ texts, comparison }: Recordable): Promise<Settings> {
  const { settings } = playground;
  if (comparison) return { ...comparison.settings, model: settings.model, view: settings.view };
  const text = texts.find(({ id }) => id === playground.current) ?? texts[0]!;
  const stop = text.stop?.sequences ?? settings.stop;
  return { ...settings, ...(await ownPrompt(text)), params: text.params, stop, maxTokens: ownLimit(text) };
}

/** The limit of a text that reached it is its length, even if the text was continued step by step. */
function ownLimit(text: PageText): number {
  const outputs = text.length - text.promptLength;
  const limit = text.stop?.maxTokens ?? playground.settings.maxTokens;
  const own = text.reason === 'max-tokens' ? outputs : Math.max(limit, outputs);
  return Math.min(Math.max(own, maxTokensRange.min), maxTokensRange.max);
}

type Prompt = Pick<Settings, 'mode' | 'prompt' | 'messages'>;

async function ownPrompt(text: PageText): Promise<Prompt> {
  const { settings } = playground;
  const { source } = text;
  if (source?.kind === 'text') return { ...settings, mode: 'text', prompt: source.text };
  if (source) return { ...settings, mode: 'chat', messages: source.messages };
  const { current } = opened;
  if (current?.settings && current.texts.includes(text.id)) return current.settings;
  // The tokens of a newly typed prompt are not known yet, but its words are.
  const onView = settings.mode === 'text' ? writtenFrom(text, settings.prompt) : !isStale(text);
  return onView ? settings : { ...settings, mode: 'text', prompt: await typedPrompt(text) };
}

/** Some tokenizers put a space before the first word. If the text's own model is loaded, its tokenizer decides. */
async function typedPrompt(text: PageText): Promise<string> {
  const typed = promptText(text);
  const { engine } = playground;
  const writer = writerOf(text);
  if (!typed.startsWith(' ') || engine.phase !== 'ready' || !writer || !isModel(engine.summary, writer))
    return typed;
  const { tokens } = await worker()
    .tokenise({ kind: 'text', text: typed.slice(1) })
    // If the worker fails, the text is used as it is.
    .catch(() => ({ tokens: [] }));
  const prompt = allTokens(text).slice(0, text.promptLength);
  const same = tokens.map(({ token }) => token).join() === prompt.map(({ token }) => token).join();
  return same ? typed.slice(1) : typed;
}
