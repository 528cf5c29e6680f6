/** A place for one model: the loaded engine with its texts, and the order of the tasks on them. */
import { EngineError, type LoadProgress } from '../../engines/contract.ts';
import type { MatchPattern } from '../../decoding/pattern.ts';
import type { EngineSummary, ModelChoice } from '../api/models_api.ts';
import type { SlotQuestions } from '../api/worker_api.ts';
import type { openEngine, OpenedEngine } from '../loading/open_engine.ts';
import { ServerTexts } from '../server/server_texts.ts';
import { LocalTexts } from '../texts/local_texts.ts';
import type { Texts } from '../texts/texts.ts';
import { Turns } from '../texts/turns.ts';
import { noTexts } from './no_texts.ts';

export interface SlotOptions {
  readonly open: typeof openEngine;
  readonly matchPattern: MatchPattern;
  /** The name of the slot's model in messages. */
  readonly model: string;
  /** How many bytes of logits the slot keeps. */
  readonly logitBudget: number;
  /** Whether the slot takes an engine that samples by itself. */
  readonly takesServers: boolean;
}

export class Slot implements SlotQuestions {
  readonly #turns = new Turns();
  #texts: Texts;
  #loading: AbortController | null = null;

  constructor(private readonly options: SlotOptions) {
    this.#texts = noTexts(options.model);
  }

  /** The texts of the present model. */
  get texts(): Texts {
    return this.#texts;
  }

  async load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary> {
    if (choice.kind === 'server' && !this.options.takesServers) {
      throw new EngineError(
        'not-supported',
        'A server samples by itself and gives no logits, so it cannot be the second model; choose a model that runs in this browser.',
      );
    }
    this.pauseLoading();
    this.stop();
    const loading = new AbortController();
    this.#loading = loading;
    return this.emptied(async () => {
      const notes: string[] = [];
      const engine = await this.options.open(choice, {
        signal: loading.signal,
        onProgress,
        onNote: (sentence) => void notes.push(sentence),
      });
      this.#texts = this.#textsOf(engine);
      return {
        kind: engine.kind,
        model: engine.model,
        capabilities: engine.capabilities,
        description: engine.describe(),
        hasChatTemplate: engine.tokenizer.hasChatTemplate,
        taken: this.#texts.taken,
        notes,
      };
    });
  }

  close(): Promise<void> {
    this.pauseLoading();
    this.stop();
    return this.emptied(() => Promise.resolve());
  }

  /** Ends the run and every computation for the charts. */
  stop(): void {
    this.#turns.stop();
    this.#turns.stopLooking();
  }

  pauseLoading(): void {
    this.#loading?.abort();
  }

  /** Waits for its turn, releases the model, and then does the task. */
  emptied<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.alone(() => {
      this.#texts.release();
      this.#texts = noTexts(this.options.model);
      return task();
    });
  }

  #textsOf(engine: OpenedEngine): Texts {
    const { matchPattern, logitBudget } = this.options;
    return 'session' in engine
      ? new LocalTexts(engine, this.#turns, matchPattern, logitBudget)
      : new ServerTexts(engine, this.#turns);
  }
}
