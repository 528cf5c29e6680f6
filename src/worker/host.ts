/** The worker's end of the boundary: which model is open, and whom each question goes to. */
import { EngineError, type LoadProgress, type TokenId } from '../engines/contract.ts';
import type { ServerModel } from '../engines/openai/replies.ts';
import { OpenAiServer } from '../engines/openai/server.ts';
import type { RunResult } from '../decoding/events.ts';
import { tryGrammar } from '../decoding/grammar/compile.ts';
import type { GrammarProblem } from '../decoding/grammar/problem.ts';
import { DEFAULT_LOGIT_BUDGET } from '../decoding/logit_memory.ts';
import type { MatchPattern } from '../decoding/pattern.ts';
import { CATALOGUE, type CatalogueEntry } from '../models/catalogue.ts';
import type { Grammar, SamplingParams } from '../sampling/params.ts';
import type {
  AdoptedText,
  InspectOptions,
  LanePlace,
  LineEvent,
  LineEvidence,
  LineId,
  MachineReport,
  PromptSource,
  Rederived,
  ReplayRequest,
  ReplayedLine,
  RunRequest,
  StepPlace,
  TextScore,
  TokenHit,
  TokenisedPrompt,
  WorkerApi,
} from './api/worker_api.ts';
import type { EngineSummary, Found, HubModels, ModelChoice, Shelf } from './api/models_api.ts';
import type { ConformanceReport, ConformanceRow } from './conformance/report.ts';
import type { LineDistances } from './texts/distances.ts';
import { deleteKept, findModel, readHubModels, readShelf } from './loading/model_shelf.ts';
import { measureStep, type StepMeasure } from './slot/measure_step.ts';
import { openEngine } from './loading/open_engine.ts';
import { openSummed } from './slot/open_summed.ts';
import { webLlmOffers, type WebLlmOffers } from './loading/open_web_llm.ts';
import { patternMatcher } from './texts/pattern_matcher.ts';
import { SecondEngine } from './slot/second_engine.ts';
import { Texts } from './slot/texts.ts';
import { tokenisePrompt } from './texts/token_text.ts';
import { Turns } from './slot/turns.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from './api/views.ts';

export class WorkerHost implements WorkerApi {
  /**
   * @param open tests and scripts bring an engine of their own
   * @param matchPattern and, in Node, their own way to match
   */
  constructor(
    private readonly open: typeof openEngine = openEngine,
    private readonly matchPattern: MatchPattern = patternMatcher(),
  ) {
    this.#second = new SecondEngine(open, matchPattern);
  }

  readonly #turns = new Turns();
  #texts: Texts | null = null;
  #loading: AbortController | null = null;
  readonly #second: SecondEngine;

  models(): Promise<readonly CatalogueEntry[]> {
    return Promise.resolve(CATALOGUE);
  }

  async load(choice: ModelChoice, onProgress: (progress: LoadProgress) => void): Promise<EngineSummary> {
    this.#loading?.abort();
    this.#turns.stop();
    this.#turns.stopLooking();
    const loading = new AbortController();
    this.#loading = loading;
    return this.#turns.alone(async () => {
      this.#texts?.close();
      this.#texts = null;
      const { engine, summary } = await openSummed(this.open, choice, {
        signal: loading.signal,
        onProgress,
      });
      this.#texts = new Texts(engine, this.#turns, this.matchPattern);
      return summary;
    });
  }

  async tokenise(source: PromptSource): Promise<TokenisedPrompt> {
    return tokenisePrompt(source, this.#require().engine.tokenizer);
  }

  async run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    return this.#require().run(request, onEvents);
  }

  stop(): Promise<void> {
    this.#turns.stop();
    this.#turns.stopLooking();
    this.#second.stop();
    return Promise.resolve();
  }

  async adopt(line: LineId, text: AdoptedText): Promise<void> {
    this.#texts?.adopt(line, text);
  }

  async inspect(place: StepPlace, params: SamplingParams, options: InspectOptions): Promise<StepView | null> {
    return this.#require().inspect(place, params, options);
  }

  async candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null> {
    return this.#require().candidate(place, params, token);
  }

  async score(place: StepPlace, params: SamplingParams, text: string): Promise<TextScore | null> {
    return this.#texts?.score(place, params, text) ?? null;
  }

  async rederive(id: LineId, params: SamplingParams): Promise<Rederived | null> {
    return this.#texts?.rederive(id, params) ?? null;
  }

  async grammarProblem(grammar: Grammar): Promise<GrammarProblem | null> {
    const { tokenizer, capabilities } = this.#require().engine;
    if (capabilities.logits !== 'full') {
      const message =
        'This engine tells only its likeliest tokens and cannot be held to a grammar; set the output to “Free”, or load a model that runs in this browser.';
      return { message, line: null, column: null };
    }
    const outcome = await tryGrammar(grammar, tokenizer);
    return 'problem' in outcome ? outcome.problem : null;
  }

  async replay(request: ReplayRequest): Promise<ReplayedLine | null> {
    return this.#texts?.replay(request) ?? null;
  }

  async evidence(id: LineId, params: SamplingParams, depth: number): Promise<LineEvidence | null> {
    return this.#texts?.evidence(id, params, depth) ?? null;
  }

  async distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions> {
    return this.#require().distributions(places, top);
  }

  async temperatureStrip(
    asked: LanePlace,
    temperatures: readonly number[],
  ): Promise<TemperatureStrip | null> {
    return this.#require().temperatureStrip(asked, temperatures);
  }

  async searchTokens(query: string, limit: number): Promise<readonly TokenHit[]> {
    return this.#require().search(query, limit);
  }

  async machine(): Promise<MachineReport | null> {
    if (!this.#texts) return null;
    const { engine, logitBytes } = this.#texts;
    return {
      description: engine.describe(),
      usage: { ...engine.session.usage },
      logitBytes,
      logitBudget: DEFAULT_LOGIT_BUDGET,
    };
  }

  async measure(): Promise<StepMeasure | null> {
    const { engine } = this.#require();
    this.#turns.refuseWhileRunning('measuring');
    return this.#turns.alone(() => measureStep(engine));
  }

  forget(line: LineId): Promise<void> {
    this.#texts?.forget(line);
    return Promise.resolve();
  }

  pauseLoading(): Promise<void> {
    this.#loading?.abort();
    this.#second.pauseLoading();
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
    const texts = this.#texts;
    if (!texts) return null;
    return texts.outputs(id, (line, rows) => this.#second.distances(line, rows, texts.engine));
  }

  conformance(base: string, onRow: (row: ConformanceRow) => void): Promise<ConformanceReport> {
    return this.#turns.alone(async () => {
      this.#texts?.close();
      this.#texts = null;
      const { runConformance } = await import('./conformance/run_conformance.ts');
      return runConformance(base, onRow);
    });
  }

  closeSecond(): Promise<void> {
    this.#second.stop();
    this.#second.close();
    return Promise.resolve();
  }

  #require(): Texts {
    if (!this.#texts) throw new EngineError('not-supported', 'No model is loaded; load one first.');
    return this.#texts;
  }
}
