/** Another engine beside the page's own, for laying one text or two over each other. It has texts and logits of its own. */
import type { RunResult } from '../decoding/events.ts';
import { LogitMemory, type LogitRows } from '../decoding/logit_memory.ts';
import type { MatchPattern } from '../decoding/pattern.ts';
import { Rederiver } from '../decoding/rederive.ts';
import { type Engine, EngineError, type LoadProgress } from '../engines/contract.ts';
import type { LineEvent, PromptSource, RunRequest, TokenisedPrompt } from './api.ts';
import type { EngineSummary, ModelChoice } from './models_api.ts';
import { type LineDistances, lineDistances, vocabularyDifference } from './distances.ts';
import { type HeldLine, HeldLines } from './held_lines.ts';
import type { openEngine } from './open_engine.ts';
import { runLines } from './run_lines.ts';
import { tokenisePrompt } from './token_text.ts';

/** Bytes of logits that are kept of it: half of what the page's own engine has. */
const LOGIT_BUDGET = 128 * 1024 * 1024;

export class SecondEngine {
  #engine: Engine | null = null;
  #busy: AbortController | null = null;
  readonly #lines = new HeldLines();
  readonly #memory = new LogitMemory(LOGIT_BUDGET);
  /** Calls may not overlap: each waits here for the one before it. */
  #queue: Promise<unknown> = Promise.resolve();

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
      const notes: string[] = [];
      const onNote = (sentence: string): void => void notes.push(sentence);
      const engine = await this.open(choice, { signal, onProgress, onNote });
      this.#engine = engine;
      return {
        kind: engine.kind,
        model: engine.model,
        capabilities: engine.capabilities,
        description: engine.describe(),
        hasChatTemplate: engine.tokenizer.hasChatTemplate,
        taken: null,
        notes,
      };
    });
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

  /** Ends what goes on. */
  stop(): void {
    this.#busy?.abort();
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

  #alone<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const start = (): Promise<T> => {
      const busy = new AbortController();
      this.#busy = busy;
      return task(busy.signal).finally(() => (this.#busy = null));
    };
    const mine = this.#queue.then(start, start);
    this.#queue = mine.catch(() => undefined);
    return mine;
  }
}
