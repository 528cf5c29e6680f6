/**
 * The page's one state and the one gateway through which it changes. Components read the getters; actions
 * (`src/playground/*_actions.ts`) call `change`. Values are immutable, so a change is a replacement.
 */
import type { RunTiming } from '../decoding/events.ts';
import type { LoadProgress } from '../engines/contract.ts';
import type { LineId, Rederived, TokenisedPrompt } from '../worker/api/worker_api.ts';
import type { EngineSummary } from '../worker/api/models_api.ts';
import type { CandidateRow, StepView } from '../worker/api/views.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { Line } from './texts/line.ts';
import { defaultSettings, type Settings } from './settings.ts';
import type { Recorded } from './texts/recorded.ts';

export type EngineStatus =
  | { readonly phase: 'none' }
  | { readonly phase: 'loading'; readonly name: string; readonly progress: LoadProgress | null }
  | { readonly phase: 'ready'; readonly summary: EngineSummary }
  | { readonly phase: 'failed'; readonly name: string; readonly message: string };

export type RunStatus =
  | { readonly phase: 'idle' }
  | { readonly phase: 'prefill'; readonly done: number; readonly total: number }
  | { readonly phase: 'decode'; readonly tokens: number; readonly startedAt: number }
  | { readonly phase: 'stopping' };

/** What the knobs, as they stand now, make of a finished line. */
export interface Overlay {
  readonly line: LineId;
  readonly params: SamplingParams;
  readonly rederived: Rederived;
}

/** The inspected step. */
export interface Inspected {
  readonly line: LineId;
  readonly position: number;
  readonly view: StepView;
}

export interface Picked {
  readonly line: LineId;
  readonly position: number;
  readonly row: CandidateRow;
}

/** A sentence for the person; errors stay until they are closed. */
export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'error';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Gone with what it speaks of: `model` with the next load, `run` with the next run. Others stay until they are closed. */
  readonly about?: 'model' | 'run';
}

export interface Snapshot {
  readonly settings: Settings;
  readonly engine: EngineStatus;
  readonly run: RunStatus;
  readonly timing: RunTiming | null;
  /** The prompt as the loaded model tokenises it; null while unknown. */
  readonly prompt: TokenisedPrompt | null;
  /** Why the prompt could not be tokenised: a template that fails on these turns. */
  readonly promptError: string | null;
  readonly lines: readonly Line[];
  readonly current: LineId | null;
  /** A position held by the person; null follows the end of the text. */
  readonly selected: number | null;
  readonly hovered: number | null;
  readonly overlay: Overlay | null;
  readonly inspected: Inspected | null;
  /** A candidate that the person marked, and where. */
  readonly picked: Picked | null;
  /** The texts among `lines` that were not made here. */
  readonly recorded: readonly Recorded[];
  readonly notices: readonly Notice[];
}

class PlaygroundState {
  #settings: Settings = $state.raw(defaultSettings());
  #engine: EngineStatus = $state.raw({ phase: 'none' });
  #run: RunStatus = $state.raw({ phase: 'idle' });
  #timing: RunTiming | null = $state.raw(null);
  #prompt: TokenisedPrompt | null = $state.raw(null);
  #promptError: string | null = $state.raw(null);
  #lines: readonly Line[] = $state.raw([]);
  #current: LineId | null = $state.raw(null);
  #selected: number | null = $state.raw(null);
  #hovered: number | null = $state.raw(null);
  #overlay: Overlay | null = $state.raw(null);
  #inspected: Inspected | null = $state.raw(null);
  #picked: Picked | null = $state.raw(null);
  #recorded: readonly Recorded[] = $state.raw([]);
  #notices: readonly Notice[] = $state.raw([]);
  #nextId = 1;

  readonly #line = $derived(this.#lines.find((line) => line.id === this.#current) ?? null);
  readonly #recordedLine = $derived(this.#recorded.find((entry) => entry.line === this.#current) ?? null);
  /** The hovered token, the held one, or the last. */
  readonly #position = $derived.by(() => {
    const line = this.#line;
    if (!line || line.length === 0) return null;
    return Math.min(this.#hovered ?? this.#selected ?? line.length - 1, line.length);
  });

  get settings(): Settings {
    return this.#settings;
  }
  get engine(): EngineStatus {
    return this.#engine;
  }
  get run(): RunStatus {
    return this.#run;
  }
  get timing(): RunTiming | null {
    return this.#timing;
  }
  get prompt(): TokenisedPrompt | null {
    return this.#prompt;
  }
  get promptError(): string | null {
    return this.#promptError;
  }
  get lines(): readonly Line[] {
    return this.#lines;
  }
  get current(): LineId | null {
    return this.#current;
  }
  get selected(): number | null {
    return this.#selected;
  }
  get hovered(): number | null {
    return this.#hovered;
  }
  get overlay(): Overlay | null {
    return this.#overlay;
  }
  get inspected(): Inspected | null {
    return this.#inspected;
  }
  get picked(): Picked | null {
    return this.#picked;
  }
  get recorded(): readonly Recorded[] {
    return this.#recorded;
  }
  /** What is known of the origin of the line on view; null for one that was made here. */
  get recordedLine(): Recorded | null {
    return this.#recordedLine;
  }
  get notices(): readonly Notice[] {
    return this.#notices;
  }
  /** The line on view. */
  get line(): Line | null {
    return this.#line;
  }
  /** The place that is looked at. */
  get position(): number | null {
    return this.#position;
  }
  /**
   * The place that the inspector's header, numbers and charts speak of: that of the newest answer. It falls behind `position` while
   * text streams, and until a new place is answered.
   */
  get shownPosition(): number | null {
    return this.#inspected?.position ?? this.#position;
  }
  /** The knobs as they stand. */
  get params(): SamplingParams {
    return this.#settings.params;
  }

  /**
   * The gateway. What is not named stays, but for what belongs to the text on view: another text there is looked at from its end, and
   * nothing that was found out about the one before it is shown beside it.
   */
  change(patch: Partial<Snapshot>): void {
    if (patch.lines !== undefined || patch.current !== undefined) this.#turn(patch);
    if (patch.settings !== undefined) this.#settings = patch.settings;
    if (patch.engine !== undefined) this.#engine = patch.engine;
    if (patch.run !== undefined) this.#run = patch.run;
    if (patch.timing !== undefined) this.#timing = patch.timing;
    if (patch.prompt !== undefined) this.#prompt = patch.prompt;
    if (patch.promptError !== undefined) this.#promptError = patch.promptError;
    if (patch.selected !== undefined) this.#selected = patch.selected;
    if (patch.hovered !== undefined) this.#hovered = patch.hovered;
    if (patch.overlay !== undefined) this.#overlay = patch.overlay;
    if (patch.inspected !== undefined) this.#inspected = patch.inspected;
    if (patch.picked !== undefined) this.#picked = patch.picked;
    if (patch.recorded !== undefined) this.#recorded = patch.recorded;
    if (patch.notices !== undefined) this.#notices = patch.notices;
  }

  /** A text on view is one on the page. */
  #turn({ lines = this.#lines, current = this.#current }: Partial<Snapshot>): void {
    this.#lines = lines;
    const there = current !== null && lines.some(({ id }) => id === current);
    const next = there ? current : (lines.at(-1)?.id ?? null);
    if (next === this.#current) return;
    this.#current = next;
    this.#selected = null;
    this.#hovered = null;
    this.#overlay = null;
    this.#inspected = null;
    this.#picked = null;
  }

  /** A number never given out before: names lines and notices. */
  newId(): number {
    return this.newIds(1);
  }

  /** The first of `count` such numbers that follow each other. */
  newIds(count: number): number {
    const first = this.#nextId;
    this.#nextId += count;
    return first;
  }
}

export const playground = new PlaygroundState();
