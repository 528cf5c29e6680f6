/** The settings saved and shared with a text: those that wrote it, not the current knobs. */
import { worker } from '../connection.ts';
import { isModel, writerOf } from '../texts/held_texts.ts';
import { allTokens, promptText, type Line } from '../texts/line.ts';
import { isStale, writtenFrom } from '../prompt_actions.ts';
import { maxTokensRange, type Settings } from '../settings.ts';
import { playground } from '../state.svelte.ts';
import type { Recordable } from './make_record.ts';
import { opened } from './opened.svelte.ts';

/** Settings with which the page writes the text or the comparison again. */
export async function ownSettings({ lines, comparison }: Recordable): Promise<Settings> {
  const { settings } = playground;
  if (comparison) return { ...comparison.settings, model: settings.model, view: settings.view };
  const line = lines.find(({ id }) => id === playground.current) ?? lines[0]!;
  const stop = line.stop?.sequences ?? settings.stop;
  return { ...settings, ...(await ownPrompt(line)), params: line.params, stop, maxTokens: ownLimit(line) };
}

/** The limit of a text that reached it is its length, even if the text was continued step by step. */
function ownLimit(line: Line): number {
  const outputs = line.length - line.promptLength;
  const limit = line.stop?.maxTokens ?? playground.settings.maxTokens;
  const own = line.reason === 'max-tokens' ? outputs : Math.max(limit, outputs);
  return Math.min(Math.max(own, maxTokensRange.min), maxTokensRange.max);
}

type Prompt = Pick<Settings, 'mode' | 'prompt' | 'messages'>;

async function ownPrompt(line: Line): Promise<Prompt> {
  const { settings } = playground;
  const { source } = line;
  if (source?.kind === 'text') return { ...settings, mode: 'text', prompt: source.text };
  if (source) return { ...settings, mode: 'chat', messages: source.messages };
  const { current } = opened;
  if (current?.settings && current.lines.includes(line.id)) return current.settings;
  // The tokens of a newly typed prompt are not known yet, but its words are.
  const onView = settings.mode === 'text' ? writtenFrom(line, settings.prompt) : !isStale(line);
  return onView ? settings : { ...settings, mode: 'text', prompt: await typedPrompt(line) };
}

/** Some tokenizers put a space before the first word. If the text's own model is loaded, its tokenizer decides. */
async function typedPrompt(line: Line): Promise<string> {
  const text = promptText(line);
  const { engine } = playground;
  const writer = writerOf(line);
  if (!text.startsWith(' ') || engine.phase !== 'ready' || !writer || !isModel(engine.summary, writer))
    return text;
  const { tokens } = await worker()
    .tokenise({ kind: 'text', text: text.slice(1) })
    // If the worker fails, the text is used as it is.
    .catch(() => ({ tokens: [] }));
  const prompt = allTokens(line).slice(0, line.promptLength);
  const same = tokens.map(({ token }) => token).join() === prompt.map(({ token }) => token).join();
  return same ? text.slice(1) : text;
}
