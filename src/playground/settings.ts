/**
 * Everything that a link carries and a reload restores: what to run and how to look at it. Plain, immutable, and small.
 * What came out of running lives in `line.ts`.
 */
import type { ChatMessage } from '../engines/contract.ts';
import { firstParams, PARAMETERS } from '../sampling/parameter_table.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { defaultMethod, type Method } from './method.ts';
import type { ColourMode } from './token_colour.ts';

/** What a lane changes in the common parameters. The first lane of a lone run changes nothing. */
export type LanePatch = Partial<SamplingParams>;

/** What the page shows. */
export type PageView = 'sample' | 'compare' | 'tokens' | 'machine';

export interface ViewSettings {
  readonly page: PageView;
  readonly colour: ColourMode;
  /** Axis of the candidates chart. */
  readonly scale: 'linear' | 'log';
  /** Candidates listed by name. */
  readonly top: number;
  /** Spaces, line ends and partial bytes drawn as marks. */
  readonly whitespace: boolean;
}

export interface Settings {
  /** Catalogue id of the model, `scripted`, or `file` for one from disk (which a link cannot carry). */
  readonly model: string;
  readonly mode: 'text' | 'chat';
  readonly prompt: string;
  readonly messages: readonly ChatMessage[];
  readonly params: SamplingParams;
  readonly lanes: readonly LanePatch[];
  /** What a comparison runs: the lanes, or more samples of one setting. */
  readonly method: Method;
  /** Lanes draw the same u at the same position. */
  readonly sharedLuck: boolean;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** A new seed before each run. */
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
    view: { page: 'sample', colour: 'probability', scale: 'linear', top: 22, whitespace: false },
  };
}

/** A parameter that came later, at its default: the checksums of older records and settings know nothing of it. */
export function isLaterDefault(key: string, value: unknown): boolean {
  return PARAMETERS.some((row) => row.later && row.key === key && row.default === value);
}

/** The complete parameters of one lane. */
export function laneParams(settings: Settings, lane: number): SamplingParams {
  return { ...settings.params, ...settings.lanes[lane] };
}
