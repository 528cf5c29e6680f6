/** What the recorded texts of a card tell about the tokens of a text, without their model. */
import type { TokenText } from '../worker/api/worker_api.ts';
import { writtenFrom } from './prompt_actions.ts';
import { playground } from './state.svelte.ts';
import { texts } from './texts/store.svelte.ts';
import { allTokens } from './texts/text.ts';

export interface RecordedTokens {
  /** The model that reads the text so. */
  readonly model: string;
  readonly tokens: readonly TokenText[];
}

/** @returns the tokens of a text of the page's own records whose prompt is `text`; null if there is none */
export function recordedTokens(text: string): RecordedTokens | null {
  for (const one of playground.texts) {
    const recorded = texts.recordOf(one.id);
    if (recorded?.origin === 'page' && writtenFrom(one, text))
      return { model: recorded.model.name, tokens: allTokens(one).slice(0, one.promptLength) };
  }
  return null;
}
