/**
 * A card of Learn: one idea, a recorded run that shows it, and a prediction to make. Cards are plain data. `scripts/make_lessons.ts`
 * runs each card's `run` on the embedded model and writes its record to `static/learn/`.
 */
import type { SamplingParams } from '../../sampling/params.ts';
import type { Method } from '../method.ts';
import { defaultSettings, type LanePatch, type PageView, type Settings } from '../settings.ts';
import type { ColourMode } from '../token_colour.ts';

export interface Card {
  /** Names its record and its link: `static/learn/ID.json`, `?learn=ID`. */
  readonly id: string;
  readonly title: string;
  /** Says what the page shows, in one or two sentences. */
  readonly idea: string;
  readonly question: string;
  /** Two or three. */
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly right: number;
  /** Why, in a sentence that points at the page. A unit test holds its figures against the record. */
  readonly answer: string;
  /** What to do with the control. */
  readonly task: string;
  /** Selector of the control that is lit. */
  readonly control: string;
  readonly run: CardRun;
}

/** What the script runs, and where the page looks at it. What is absent is as on a fresh page. */
export interface CardRun {
  readonly prompt: string;
  readonly params?: Partial<SamplingParams>;
  readonly lanes?: readonly LanePatch[];
  readonly method?: Partial<Method>;
  readonly maxTokens?: number;
  readonly page: PageView;
  readonly colour?: ColourMode;
  /** Texts that nothing draws: the prompt and what was typed after it, by name. */
  readonly typed?: Readonly<Record<string, { readonly prompt: string; readonly output: string }>>;
  /** Index of the output token on view with the answer; it may be the index after the last. */
  readonly selected: number;
  /** The focused lane, or the text on view. */
  readonly focus?: number;
  /** Output tokens that the page shows before the answer; absent if it shows all of them. */
  readonly shown?: number;
}

/** The settings that a card's run was made with. */
export function cardSettings({ prompt, params, lanes, method, maxTokens, page, colour }: CardRun): Settings {
  const base = defaultSettings();
  return {
    ...base,
    prompt,
    params: { ...base.params, ...params },
    lanes: lanes ?? base.lanes,
    method: { ...base.method, ...method },
    maxTokens: maxTokens ?? base.maxTokens,
    view: { ...base.view, page, colour: colour ?? base.view.colour },
  };
}
