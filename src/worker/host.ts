/** The worker's end of the boundary: the engine, the texts, and their logits. */
import { EngineError, type Engine, type LoadProgress, type TokenId } from '../engines/contract.ts';
import { OpenAiEngine } from '../engines/openai/engine.ts';
import type { ServerModel } from '../engines/openai/replies.ts';
import { OpenAiServer } from '../engines/openai/server.ts';
import type { RunResult } from '../decoding/events.ts';
import { tryGrammar } from '../decoding/grammar/compile.ts';
import { masksAlong, type Masks } from '../decoding/grammar/masks.ts';
import type { GrammarProblem } from '../decoding/grammar/problem.ts';
import { DEFAULT_LOGIT_BUDGET, LogitMemory } from '../decoding/logit_memory.ts';
import { CATALOGUE, type CatalogueEntry } from '../models/catalogue.ts';
import type { Grammar, SamplingParams } from '../sampling/params.ts';
import type { StepTrace } from '../sampling/trace.ts';
import type {
  AdoptedText,
  EngineSummary,
  Found,
  HubModels,
  InspectOptions,
  LanePlace,
  LineEvent,
  LineEvidence,
  LineId,
  MachineReport,
  ModelChoice,
  PromptSource,
  Rederived,
  RunRequest,
  Shelf,
  StepPlace,
  TokenHit,
  TokenisedPrompt,
  WorkerApi,
} from './api.ts';
import type { LineDistances } from './distances.ts';
import { HeldLines, type HeldLine } from './held_lines.ts';
import { lineEvidence } from './line_evidence.ts';
import { laneDistributions, temperatureStrip, type LaneStep } from './lane_views.ts';
import { hasMemory, lineSampler, traceAt } from './line_trace.ts';
import { deleteKept, findModel, readHubModels, readShelf } from './model_shelf.ts';
import { measureStep, type StepMeasure } from './measure_step.ts';
import { openEngine } from './open_engine.ts';
import { webLlmOffers, type WebLlmOffers } from './open_web_llm.ts';
import { takenBy } from './server_parameters.ts';
import { runOnServer } from './server_run.ts';
import { ServerSteps } from './server_steps.ts';
import { rederiveLine } from './rederive_line.ts';
import { runLines } from './run_lines.ts';
import { candidateRow, stepView } from './step_view.ts';
import { SecondEngine } from './second_engine.ts';
import { tokenisePrompt, TokenIndex } from './token_text.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from './views.ts';

export class WorkerHost implements WorkerApi {
  /** @param open tests and scripts bring an engine of their own */
  constructor(private readonly open: typeof openEngine = openEngine) {}

  #engine: Engine | null = null;
  #index: TokenIndex | null = null;
  #loading: AbortController | null = null;
  #running: AbortController | null = null;
  /** Logits that are computed anew for the charts: whatever a person starts goes before them. */
  #looking = new AbortController();
  readonly #lines = new HeldLines();
  readonly #serverSteps = new ServerSteps();
  readonly #memory = new LogitMemory();
  readonly #second = new SecondEngine((choice, options) => this.open(choice, options));
  /** The engine's calls may not overlap: each waits here for the one before it. */
  #queue: Promise<unknown> = Promise.resolve();

  models(): Promise<readonly CatalogueEntry[]> {
    return Promise.resolve(CATALOGUE);
  }

  async load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary> {
    this.#loading?.abort();
    this.#running?.abort();
    this.#stopLooking();
    const loading = new AbortController();
    this.#loading = loading;
    return this.#alone(async () => {
      this.#engine?.dispose();
      this.#engine = null;
      this.#index = null;
      this.#memory.clear();
      this.#lines.clear();
      const notes: string[] = [];
      const onNote = (sentence: string) => void notes.push(sentence);
      const engine = await this.open(choice, { signal: loading.signal, onProgress, onNote });
      this.#engine = engine;
      return {
        kind: engine.kind,
        model: engine.model,
        capabilities: engine.capabilities,
        description: engine.describe(),
        hasChatTemplate: engine.tokenizer.hasChatTemplate,
        taken: engine instanceof OpenAiEngine ? takenBy(engine.ownedBy) : null,
        notes,
      };
    });
  }

  async tokenise(source: PromptSource): Promise<TokenisedPrompt> {
    return tokenisePrompt(source, this.#require().tokenizer);
  }

  async run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    const engine = this.#require();
    if (this.#running) throw new EngineError('not-supported', 'A run is going on; stop it before the next.');
    const running = new AbortController();
    this.#running = running;
    this.#stopLooking();
    try {
      const context = { lines: this.#lines, memory: this.#memory, signal: running.signal, onEvents };
      return await this.#alone(() =>
        engine instanceof OpenAiEngine
          ? runOnServer(engine, request, context, this.#serverSteps)
          : runLines(engine, request, context),
      );
    } finally {
      this.#running = null;
    }
  }

  stop(): Promise<void> {
    this.#running?.abort();
    this.#second.stop();
    return Promise.resolve();
  }

  adopt(line: LineId, { tokens, promptLength, stream, byHand }: AdoptedText): Promise<void> {
    this.#lines.hold(line, { tokens: [...tokens], promptLength, stream, byHand: new Set(byHand) });
    return Promise.resolve();
  }

  async inspect(place: StepPlace, params: SamplingParams, options: InspectOptions): Promise<StepView | null> {
    const engine = this.#require();
    if (engine instanceof OpenAiEngine) {
      const line = this.#lines.get(place.line);
      return line && this.#serverSteps.view(line, place.position, engine.tokenizer, options.top);
    }
    const found = await this.#trace(place, params);
    return found && stepView(found.trace, found.chosen, found.drawn, this.#require().tokenizer, options.top);
  }

  async candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null> {
    const found = await this.#trace(place, params);
    return found && candidateRow(found.trace, token, this.#require().tokenizer);
  }

  async rederive(id: LineId, params: SamplingParams): Promise<Rederived | null> {
    const line = this.#lines.get(id);
    if (!line || this.#running) return null;
    const { tokenizer } = this.#require();
    const before = line.tokens.slice(0, -1);
    const rows = await this.#logits(before, line.promptLength - 1);
    return rows && rederiveLine(line, rows, await this.#masks(line, params), params, tokenizer);
  }

  async grammarProblem(grammar: Grammar): Promise<GrammarProblem | null> {
    const { tokenizer, capabilities } = this.#require();
    if (capabilities.logits !== 'full') {
      const message =
        'This engine tells only its likeliest tokens and cannot be held to a grammar; set the output to “Free”, or load a model that runs in this browser.';
      return { message, line: null, column: null };
    }
    const outcome = await tryGrammar(grammar, tokenizer);
    return 'problem' in outcome ? outcome.problem : null;
  }

  async replay(id: LineId, params: SamplingParams): Promise<Rederived | null> {
    const line = this.#lines.get(id);
    if (!line) return null;
    const { tokenizer, session } = this.#require();
    if (this.#running) throw new EngineError('not-supported', 'A run is going on; stop it before the next.');
    const running = new AbortController();
    this.#running = running;
    this.#stopLooking();
    const before = line.tokens.slice(0, -1);
    const from = line.promptLength - 1;
    // What is remembered may come from one pass over the whole text; a replay makes every row anew, step by step.
    const fresh = new LogitMemory();
    try {
      const rows = await this.#alone(() => fresh.obtain(session, before, from, 'replay', running.signal));
      rows.forEach((row, output) => this.#memory.put(before.slice(0, line.promptLength + output), row));
      return rederiveLine(line, rows, await this.#masks(line, params), params, tokenizer);
    } catch (cause) {
      if (!running.signal.aborted) throw cause;
      throw new EngineError('aborted', 'The replay was stopped before its end.', { cause });
    } finally {
      this.#running = null;
    }
  }

  async evidence(id: LineId, params: SamplingParams, depth: number): Promise<LineEvidence | null> {
    const line = this.#lines.get(id);
    if (!line || this.#running) return null;
    const { tokenizer } = this.#require();
    const rows = await this.#logits(line.tokens.slice(0, -1), line.promptLength - 1);
    return rows && lineEvidence(line, rows, await this.#masks(line, params), params, tokenizer, depth);
  }

  async distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions> {
    const steps: (LaneStep | null)[] = [];
    for (const { place, params } of places) steps.push(await this.#trace(place, params));
    return laneDistributions(steps, top, this.#require().tokenizer);
  }

  async temperatureStrip(
    { place, params }: LanePlace,
    temperatures: readonly number[],
  ): Promise<TemperatureStrip | null> {
    const traces: StepTrace[] = [];
    let chosen: TokenId | null = null;
    for (const temperature of temperatures) {
      const found = await this.#trace(place, { ...params, temperature });
      if (!found) return null;
      traces.push(found.trace);
      chosen = found.chosen;
    }
    return temperatureStrip(temperatures, traces, chosen, this.#require().tokenizer);
  }

  async searchTokens(query: string, limit: number): Promise<readonly TokenHit[]> {
    this.#index ??= new TokenIndex(this.#require().tokenizer);
    return this.#index.search(query, limit);
  }

  async machine(): Promise<MachineReport | null> {
    const engine = this.#engine;
    if (!engine) return null;
    return {
      description: engine.describe(),
      usage: { ...engine.session.usage },
      logitBytes: this.#memory.bytes,
      logitBudget: DEFAULT_LOGIT_BUDGET,
    };
  }

  async measure(): Promise<StepMeasure | null> {
    const engine = this.#require();
    if (this.#running) throw new EngineError('not-supported', 'A run is going on; stop it before measuring.');
    return this.#alone(() => measureStep(engine));
  }

  forget(line: LineId): Promise<void> {
    this.#lines.forget(line);
    return Promise.resolve();
  }

  pauseLoading(): Promise<void> {
    this.#loading?.abort();
    return Promise.resolve();
  }

  shelf(): Promise<Shelf> {
    return readShelf();
  }

  deleteKept(key: string): Promise<void> {
    return deleteKept(key);
  }

  findModel(typed: string, hubUrl?: string): Promise<Found> {
    return findModel(typed, hubUrl);
  }

  serverModels(baseUrl: string, key: string): Promise<readonly ServerModel[]> {
    return new OpenAiServer({ baseUrl, key }).models();
  }

  hubModels(contextLength: number): Promise<HubModels> {
    return readHubModels(contextLength);
  }

  webLlmModels(): Promise<WebLlmOffers> {
    return webLlmOffers();
  }

  async loadSecond(
    choice: ModelChoice,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<EngineSummary> {
    return this.#second.load(choice, onProgress);
  }

  async tokeniseSecond(source: PromptSource): Promise<TokenisedPrompt> {
    return this.#second.tokenise(source);
  }

  async runSecond(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    return this.#second.run(request, onEvents);
  }

  async distances(id: LineId): Promise<LineDistances | null> {
    const line = this.#lines.get(id);
    const rows = line && (await this.#logits(line.tokens.slice(0, -1), line.promptLength - 1));
    return rows && this.#second.distances(line, rows, this.#require());
  }

  closeSecond(): Promise<void> {
    this.#second.stop();
    this.#second.close();
    return Promise.resolve();
  }

  async #trace(place: StepPlace, params: SamplingParams): Promise<LaneStep | null> {
    const at = this.#lines.at(place);
    if (!at) return null;
    const { before, chosen, line } = at;
    const { tokenizer } = this.#require();
    const outputs = Math.max(0, before.length - line.promptLength);
    const from = hasMemory(params) ? before.length - 1 - outputs : before.length - 1;
    const rows = await this.#logits(before, from);
    const logits = rows?.pop();
    if (!rows || !logits) return null;
    // Within the prompt no grammar has a say.
    const masks =
      before.length < line.promptLength
        ? []
        : await masksAlong(params, tokenizer, before.slice(line.promptLength), outputs - rows.length);
    const trace = traceAt(lineSampler(params, tokenizer, line.stream), before, logits, rows, masks);
    const output = place.position - line.promptLength;
    return { trace, before, chosen, drawn: output >= 0 && !line.byHand.has(output) };
  }

  /**
   * Logits after each beginning of `tokens` from `from + 1` tokens on; while a run goes on, only what is already known.
   * What was computed when a run cut in is kept, and null is the answer.
   */
  async #logits(tokens: readonly TokenId[], from: number): Promise<Float32Array[] | null> {
    const known = this.#memory.along(tokens, from);
    if (known.every((row) => row !== null)) return known;
    if (this.#running || this.#require().capabilities.logits !== 'full') return null;
    const { signal } = this.#looking;
    try {
      return await this.#alone(async () => {
        signal.throwIfAborted();
        return this.#memory.obtain(this.#require().session, tokens, from, 'prefill', signal);
      });
    } catch (cause) {
      if (signal.aborted) return null;
      throw cause;
    }
  }

  #stopLooking(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
  }

  /** What the parameters' grammar allowed at each of a line's outputs. */
  #masks({ tokens, promptLength }: HeldLine, params: SamplingParams): Promise<Masks> {
    return masksAlong(params, this.#require().tokenizer, tokens.slice(promptLength));
  }

  #require(): Engine {
    if (!this.#engine) throw new EngineError('not-supported', 'No model is loaded; load one first.');
    return this.#engine;
  }

  #alone<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(task, task);
    this.#queue = mine.catch(() => undefined);
    return mine;
  }
}
