/**
 * Everything that a link carries and a reload restores: what to run and how to show it. Plain, immutable, and small.
 * The results of a run live in `texts/text.ts`.
 */
import type { ChatMessage } from '../engines/contract.ts';
import { firstParams, PARAMETERS } from '../sampling/parameter_table.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { defaultMethod, type Method } from './method.ts';
import type { ColourMode } from './token_colour.ts';

/** A lane's changes to the common parameters. The only lane of a single run changes nothing. */
export type LanePatch = Partial<SamplingParams>;

/** What the page can show, with the name of its tab. `App.svelte` shows it. */
export const pageViews = {
  sample: 'Playground',
  compare: 'Compare',
  tokens: 'Tokens',
  machine: 'Machine',
  learn: 'Learn',
  across: 'Two engines',
} as const;

export type PageView = keyof typeof pageViews;

/** The view whose tab stands for a view: two engines are compared within Compare. */
export function tabOf(view: PageView): PageView {
  return view === 'across' ? 'compare' : view;
}

/** How Compare lays out its lanes: side by side, one below the other, or token by token. */
export type LaneLayout = 'columns' | 'rows' | 'aligned';

export interface ViewSettings {
  readonly page: PageView;
  readonly colour: ColourMode;
  /** Axis of the candidates chart. */
  readonly scale: 'linear' | 'log';
  /** How many candidates are listed by name. */
  readonly top: number;
  /** Whether spaces, line ends and partial bytes are shown as marks. */
  readonly whitespace: boolean;
  readonly layout: LaneLayout;
}

export interface Settings {
  /** Catalogue id of the model, `scripted`, or `file` for one from disk (which a link cannot carry). */
  readonly model: string;
  readonly mode: 'text' | 'chat';
  readonly prompt: string;
  readonly messages: readonly ChatMessage[];
  readonly params: SamplingParams;
  readonly lanes: readonly LanePatch[];
  /** What a comparison runs: the lanes, or a strategy with the common parameters. */
  readonly method: Method;
  /** Whether lanes draw the same u at the same position. */
  readonly sharedLuck: boolean;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Whether each run begins with a new seed. */
  readonly rollSeed: boolean;
  readonly view: ViewSettings;
}

export const maxTokensRange = { min: 1, max: 4096 } as const;
export const topRange = { min: 5, max: 60 } as const;

export function defaultSettings(): Settings {
  return {
    model: 'embedded',
    mode: 'text',
    prompt: 'Once upon a time',
    messages: [{ role: 'user', content: 'Tell me a story about a small boat.' }],
    params: firstParams(),
    lanes: [{}],
    method: defaultMethod(),
    sharedLuck: true,
    maxTokens: 120,
    stop: [],
    rollSeed: false,
    view: {
      page: 'sample',
      colour: 'probability',
      scale: 'linear',
      top: 22,
      whitespace: false,
      layout: 'columns',
    },
  };
}

/** Whether this is a later parameter or setting at its default, which the checksums of older records and settings leave out. */
export function isLaterDefault(key: string, value: unknown): boolean {
  if (key === 'layout') return value === 'columns';
  return PARAMETERS.some((row) => row.later && row.key === key && row.default === value);
}

/** The complete parameters of one lane. */
export function laneParams(settings: Settings, lane: number): SamplingParams {
  return { ...settings.params, ...settings.lanes[lane] };
}
