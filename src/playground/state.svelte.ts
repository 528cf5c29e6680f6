/**
 * The page's one state. Components read it; actions (`src/playground/*_actions.ts`) change it. Each named change keeps an
 * invariant: a shown step belongs to the shown text, and idle means that nothing runs. Fields without an invariant are plain.
 * Values are immutable, so a change is a replacement.
 */
import type { RunTiming } from '../decoding/events.ts';
import type { LoadProgress } from '../engines/contract.ts';
import type { TokenisedPrompt } from '../worker/api/worker_api.ts';
import type { EngineSummary } from '../worker/api/models_api.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { ShownTexts } from './texts/shown.svelte.ts';
import { texts } from './texts/store.svelte.ts';

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

/** A sentence for the person; errors stay until they are closed. */
export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'error';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** `model` notices go with the next load, others with the next run; those without stay until they are closed. */
  readonly about?: 'model' | 'run' | 'deletion';
}

class PlaygroundState extends ShownTexts {
  timing: RunTiming | null = $state.raw(null);
  notices: readonly Notice[] = $state.raw([]);
  #settings: Settings = $state.raw(defaultSettings());
  #engine: EngineStatus = $state.raw({ phase: 'none' });
  #run: RunStatus = $state.raw({ phase: 'idle' });
  #prompt: TokenisedPrompt | null = $state.raw(null);
  #promptError: string | null = $state.raw(null);
  #nextId = 1;

  get settings(): Settings {
    return this.#settings;
  }
  get engine(): EngineStatus {
    return this.#engine;
  }
  get run(): RunStatus {
    return this.#run;
  }
  get prompt(): TokenisedPrompt | null {
    return this.#prompt;
  }
  get promptError(): string | null {
    return this.#promptError;
  }
  /** The current knobs. */
  get params(): SamplingParams {
    return this.#settings.params;
  }

  takeSettings(patch: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...patch };
  }

  /** Unless the engine is ready, also removes the prompt's tokens and the overlay, which came from the model before. */
  setEngine(engine: EngineStatus): void {
    this.#engine = engine;
    if (engine.phase === 'ready') return;
    this.#prompt = null;
    this.showOverlay(null);
  }

  setPrompt(prompt: TokenisedPrompt | null, error: string | null = null): void {
    this.#prompt = prompt;
    this.#promptError = error;
  }

  /** @returns false if something already runs */
  beginRun(): boolean {
    if (this.#run.phase !== 'idle') return false;
    this.#run = { phase: 'prefill', done: 0, total: 0 };
    return true;
  }

  prefilled({ done, total }: { readonly done: number; readonly total: number }): void {
    if (this.#run.phase === 'prefill') this.#run = { phase: 'prefill', done, total };
  }

  /** Counts the tokens of the run. */
  decoded(tokens: number): void {
    const run = this.#run;
    if (run.phase !== 'prefill' && run.phase !== 'decode') return;
    const before = run.phase === 'decode' ? run : { tokens: 0, startedAt: performance.now() };
    this.#run = { phase: 'decode', tokens: before.tokens + tokens, startedAt: before.startedAt };
  }

  stopRun(): void {
    if (this.#run.phase !== 'idle') this.#run = { phase: 'stopping' };
  }

  /** Ends the run, after which every text has an end. */
  endRun(): void {
    texts.endAll();
    this.#run = { phase: 'idle' };
  }

  /** A number that was never used before, to name texts and notices. */
  newId(): number {
    return this.newIds(1);
  }

  /** The first of `count` consecutive new numbers. */
  newIds(count: number): number {
    const first = this.#nextId;
    this.#nextId += count;
    return first;
  }
}

export const playground = new PlaygroundState();
