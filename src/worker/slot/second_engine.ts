/** Another engine beside the page's own, for laying one text or two over each other. It has texts and logits of its own. */
import type { RunResult } from '../../decoding/events.ts';
import { LogitMemory, type LogitRows } from '../../decoding/logit_memory.ts';
import type { MatchPattern } from '../../decoding/pattern.ts';
import { Rederiver } from '../../decoding/rederive.ts';
import { type Engine, EngineError, type LoadProgress } from '../../engines/contract.ts';
import type { LineEvent, PromptSource, RunRequest, TokenisedPrompt } from '../api/worker_api.ts';
import type { EngineSummary, ModelChoice } from '../api/models_api.ts';
import { type LineDistances, lineDistances, vocabularyDifference } from '../texts/distances.ts';
import { type HeldLine, HeldLines } from '../texts/held_lines.ts';
import type { openEngine } from '../loading/open_engine.ts';
import { runLines } from '../texts/run_lines.ts';
import { openSummed } from './open_summed.ts';
import { tokenisePrompt } from '../texts/token_text.ts';
import { Turns } from './turns.ts';

/** Bytes of logits that are kept of it: half of what the page's own engine has. */
const LOGIT_BUDGET = 128 * 1024 * 1024;

export class SecondEngine {
  #engine: Engine | null = null;
  /** What goes on or waits for its turn, and of these the loads. */
  readonly #tasks = new Set<AbortController>();
  readonly #loads = new Set<AbortController>();
  readonly #lines = new HeldLines();
  readonly #memory = new LogitMemory(LOGIT_BUDGET);
  readonly #turns = new Turns();

  constructor(
    private readonly open: typeof openEngine,
    private readonly matchPattern: MatchPattern,
  ) {}

  /** @throws EngineError */
  load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary> {
    if (choice.kind === 'server') {
      throw new EngineError(
        'not-supported',
        'A server samples by itself and gives no logits, so nothing can be laid over it; choose a model that runs in this browser.',
      );
    }
    this.stop();
    return this.#alone(async (signal) => {
      this.close();
      const { engine, summary } = await openSummed(this.open, choice, { signal, onProgress });
      this.#engine = engine;
      return summary;
    }, this.#loads);
  }

  tokenise(source: PromptSource): TokenisedPrompt {
    return tokenisePrompt(source, this.#require().tokenizer);
  }

  run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    const engine = this.#require();
    return this.#alone((signal) => {
      const rederiver = new Rederiver(engine.tokenizer);
      return runLines(engine, request, {
        lines: this.#lines,
        memory: this.#memory,
        rederiver,
        matchPattern: this.matchPattern,
        signal,
        onEvents,
      });
    });
  }

  /**
   * This engine reads a text of the first one's, and its distributions are held against those of the first.
   * @param rows raw logits of each output position by the first engine
   * @throws EngineError `not-supported` where the vocabularies differ; what the engine throws
   */
  distances(line: HeldLine, rows: LogitRows, first: Engine): Promise<LineDistances> {
    const { tokenizer, session } = this.#require();
    const different = vocabularyDifference(first.tokenizer, tokenizer);
    if (different !== null) throw new EngineError('not-supported', different);
    return this.#alone(async (signal) => {
      const before = line.tokens.slice(0, -1);
      const own = this.#memory.walk(session, before, line.promptLength - 1, 'prefill', signal);
      try {
        return await lineDistances(line.tokens.slice(line.promptLength), rows, own, tokenizer);
      } finally {
        await own.return();
      }
    });
  }

  /** Ends what goes on or waits. */
  stop(): void {
    for (const task of this.#tasks) task.abort();
  }

  pauseLoading(): void {
    for (const load of this.#loads) load.abort();
  }

  close(): void {
    this.#engine?.dispose();
    this.#engine = null;
    this.#lines.clear();
    this.#memory.clear();
  }

  #require(): Engine {
    if (!this.#engine) throw new EngineError('not-supported', 'No second model is loaded; load one first.');
    return this.#engine;
  }

  async #alone<T>(task: (signal: AbortSignal) => Promise<T>, kind = new Set<AbortController>()): Promise<T> {
    const controller = new AbortController();
    this.#tasks.add(controller);
    kind.add(controller);
    try {
      return await this.#turns.alone(() => {
        if (controller.signal.aborted) {
          throw new EngineError('aborted', 'It was stopped before the second model came to it.');
        }
        return task(controller.signal);
      });
    } finally {
      this.#tasks.delete(controller);
      kind.delete(controller);
    }
  }
}
