/** The texts of an engine that gives logits. The worker samples, and answers every question about every step. */
import {
  EngineError,
  type Engine,
  type StepMeasure,
  type TokenId,
  type Tokenizer,
} from '../../engines/contract.ts';
import { encodeContinuation, scoreContinuation } from '../../decoding/continuation.ts';
import type { RunResult } from '../../decoding/events.ts';
import { LogitMemory, type LogitRows } from '../../decoding/logit_memory.ts';
import type { MatchPattern } from '../../decoding/pattern.ts';
import { Rederiver } from '../../decoding/rederive.ts';
import { ChainWatch } from '../../sampling/chain_watch.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type {
  InspectOptions,
  LanePlace,
  TextEvent,
  TextEvidence,
  TextId,
  MachineReport,
  Rederived,
  ReplayRequest,
  ReplayedText,
  RunRequest,
  StepPlace,
  TextScore,
} from '../api/worker_api.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from '../api/views.ts';
import { textDistances, vocabularyDifference, type TextDistances } from './distances.ts';
import { drawView } from './draw_view.ts';
import type { HeldText } from './texts_by_id.ts';
import { laneDistributions, temperatureStrip, type LaneStep } from './lane_views.ts';
import { textEvidence } from './text_evidence.ts';
import { TextSteps } from './text_steps.ts';
import { replayedText } from './replayed_text.ts';
import { runTexts } from './run_texts.ts';
import { scoredPrompt } from './scored_prompt.ts';
import { candidateRow, stepView } from './step_view.ts';
import { HeldTexts, type Texts } from './texts.ts';
import type { Turns } from './turns.ts';

export class LocalTexts extends HeldTexts<Engine> implements Texts {
  readonly taken = null;
  readonly #memory: LogitMemory;
  readonly #rederiver: Rederiver;
  readonly #steps: TextSteps;
  readonly #watch = new ChainWatch();

  /** @param logitBudget bytes of logits that are kept */
  constructor(
    engine: Engine,
    turns: Turns,
    private readonly matchPattern: MatchPattern,
    logitBudget: number,
  ) {
    super(engine, turns);
    this.#memory = new LogitMemory(logitBudget);
    this.#rederiver = new Rederiver(engine.tokenizer);
    const released = (): boolean => this.released;
    this.#steps = new TextSteps(engine, this.texts, this.#memory, this.#rederiver, turns, released);
  }

  run(request: RunRequest, onEvents: (events: readonly TextEvent[]) => void): Promise<RunResult> {
    return this.inTurn((signal) =>
      runTexts(this.engine, request, {
        texts: this.texts,
        memory: this.#memory,
        rederiver: this.#rederiver,
        matchPattern: this.matchPattern,
        signal,
        onEvents,
      }),
    );
  }

  inspect(
    place: StepPlace,
    params: SamplingParams,
    { top, draw = false }: InspectOptions,
  ): Promise<StepView | null> {
    const { tokenizer } = this.engine;
    return this.#steps.look(
      place,
      params,
      ({ trace, chosen, drawn }) => {
        const view = stepView(trace, chosen, drawn, tokenizer, top);
        if (!draw) return view;
        return { ...view, draw: drawView(trace, this.#watch.between, view, drawn, tokenizer) };
      },
      this.#rederiver.memory,
      draw ? this.#watch : undefined,
    );
  }

  candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null> {
    return this.#steps.look(
      place,
      params,
      ({ trace }) => candidateRow(trace, token, this.engine.tokenizer),
      this.#rederiver.memory,
    );
  }

  async distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions> {
    const steps: (LaneStep | null)[] = [];
    for (const { place, params } of places) steps.push(await this.#steps.look(place, params, (step) => step));
    return laneDistributions(steps, top, this.engine.tokenizer);
  }

  async temperatureStrip(
    { place, params }: LanePlace,
    temperatures: readonly number[],
  ): Promise<TemperatureStrip | null> {
    const steps: LaneStep[] = [];
    for (const temperature of temperatures) {
      const step = await this.#steps.look(place, { ...params, temperature }, (found) => found);
      if (!step) return null;
      steps.push(step);
    }
    const traces = steps.map(({ trace }) => trace);
    return temperatureStrip(temperatures, traces, steps[0]?.chosen ?? null, this.engine.tokenizer);
  }

  async score(place: StepPlace, params: SamplingParams, typed: string): Promise<TextScore | null> {
    const at = this.texts.at(place);
    const { tokenizer, capabilities } = this.engine;
    if (!at || capabilities.logits !== 'full') return null;
    const continuation = encodeContinuation(typed, tokenizer);
    if (continuation.length === 0) return null;
    const tokens = [...at.before, ...continuation];
    const text = { tokens, stream: at.text.stream };
    const found = await this.#steps.following(
      at.text,
      tokens.slice(0, -1),
      at.before.length,
      params,
      (steps) => scoreContinuation(this.#rederiver, text, params, steps, continuation.length),
    );
    return (
      found && {
        ...found,
        tokens: found.tokens.map((fate) => ({ ...fate, label: tokenizer.label(fate.token) })),
      }
    );
  }

  async rederive(id: TextId, params: SamplingParams): Promise<Rederived | null> {
    return this.#steps.ofAll(id, params, async (text, steps) => {
      const found = await this.#rederiver.rederive(text, params, steps);
      return { ...found, labels: Array.from(found.tokens, (token) => this.engine.tokenizer.label(token)) };
    });
  }

  async replay(request: ReplayRequest): Promise<ReplayedText | null> {
    const { engine } = this;
    const text = this.texts.get(request.text);
    if (!text) return null;
    return this.inTurn(async (signal) => {
      try {
        const prompt = await scoredPrompt(engine, text.tokens.slice(0, text.promptLength), signal);
        let { stepwise } = request;
        const rows = (): LogitRows => {
          const made = this.#steps.replayRows(text, stepwise, signal);
          stepwise = false;
          return made;
        };
        return await replayedText(this.#rederiver, text, rows, prompt, request);
      } catch (cause) {
        if (!signal.aborted) throw cause;
        throw new EngineError('aborted', 'The replay was stopped before its end.', { cause });
      }
    });
  }

  async evidence(id: TextId, params: SamplingParams, depth: number): Promise<TextEvidence | null> {
    return this.#steps.ofAll(id, params, (text, steps) =>
      textEvidence(this.#rederiver, text, params, steps, depth),
    );
  }

  override async machine(): Promise<MachineReport> {
    return {
      description: this.engine.describe(),
      usage: { ...this.engine.session.usage },
      logitBytes: this.#memory.bytes,
      logitBudget: this.#memory.budget,
    };
  }

  async measure(): Promise<StepMeasure | null> {
    this.turns.refuseWhileRunning('measuring');
    return this.turns.alone(async () => (await this.engine.measure?.()) ?? null);
  }

  async outputs<T>(
    id: TextId,
    use: (text: HeldText, rows: LogitRows, tokenizer: Tokenizer) => Promise<T>,
  ): Promise<T | null> {
    const text = this.texts.get(id);
    if (!text) return null;
    const before = text.tokens.slice(0, -1);
    return this.#steps.logits(before, text.promptLength - 1, (rows) =>
      use(text, rows, this.engine.tokenizer),
    );
  }

  async distances(text: HeldText, rows: LogitRows, other: Tokenizer): Promise<TextDistances> {
    const { tokenizer, session } = this.engine;
    const different = vocabularyDifference(other, tokenizer);
    if (different !== null) throw new EngineError('not-supported', different);
    return this.inTurn(async (signal) => {
      const before = text.tokens.slice(0, -1);
      const own = this.#memory.walk(session, before, text.promptLength - 1, 'prefill', signal);
      try {
        return await textDistances(text.tokens.slice(text.promptLength), rows, own, tokenizer);
      } finally {
        await own.return();
      }
    });
  }
}
