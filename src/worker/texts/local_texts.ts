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
import type { SamplingParams } from '../../sampling/params.ts';
import type {
  InspectOptions,
  LanePlace,
  LineEvent,
  LineEvidence,
  LineId,
  MachineReport,
  Rederived,
  ReplayRequest,
  ReplayedLine,
  RunRequest,
  StepPlace,
  TextScore,
} from '../api/worker_api.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from '../api/views.ts';
import { lineDistances, vocabularyDifference, type LineDistances } from './distances.ts';
import type { HeldLine } from './held_lines.ts';
import { laneDistributions, temperatureStrip, type LaneStep } from './lane_views.ts';
import { lineEvidence } from './line_evidence.ts';
import { LineSteps } from './line_steps.ts';
import { replayedLine } from './replayed_line.ts';
import { runLines } from './run_lines.ts';
import { scoredPrompt } from './scored_prompt.ts';
import { candidateRow, stepView } from './step_view.ts';
import { HeldTexts, type Texts } from './texts.ts';
import type { Turns } from './turns.ts';

export class LocalTexts extends HeldTexts<Engine> implements Texts {
  readonly taken = null;
  readonly #memory: LogitMemory;
  readonly #rederiver: Rederiver;
  readonly #steps: LineSteps;

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
    this.#steps = new LineSteps(engine, this.lines, this.#memory, this.#rederiver, turns, released);
  }

  run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    return this.inTurn((signal) =>
      runLines(this.engine, request, {
        lines: this.lines,
        memory: this.#memory,
        rederiver: this.#rederiver,
        matchPattern: this.matchPattern,
        signal,
        onEvents,
      }),
    );
  }

  inspect(place: StepPlace, params: SamplingParams, { top }: InspectOptions): Promise<StepView | null> {
    return this.#steps.look(
      place,
      params,
      ({ trace, chosen, drawn }) => stepView(trace, chosen, drawn, this.engine.tokenizer, top),
      this.#rederiver.memory,
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
    const at = this.lines.at(place);
    const { tokenizer, capabilities } = this.engine;
    if (!at || capabilities.logits !== 'full') return null;
    const continuation = encodeContinuation(typed, tokenizer);
    if (continuation.length === 0) return null;
    const tokens = [...at.before, ...continuation];
    const text = { tokens, stream: at.line.stream };
    const found = await this.#steps.following(
      at.line,
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

  async rederive(id: LineId, params: SamplingParams): Promise<Rederived | null> {
    return this.#steps.ofAll(id, params, async (line, steps) => {
      const found = await this.#rederiver.rederive(line, params, steps);
      return { ...found, labels: Array.from(found.tokens, (token) => this.engine.tokenizer.label(token)) };
    });
  }

  async replay(request: ReplayRequest): Promise<ReplayedLine | null> {
    const { engine } = this;
    const line = this.lines.get(request.line);
    if (!line) return null;
    return this.inTurn(async (signal) => {
      try {
        const prompt = await scoredPrompt(engine, line.tokens.slice(0, line.promptLength), signal);
        let { stepwise } = request;
        const rows = (): LogitRows => {
          const made = this.#steps.replayRows(line, stepwise, signal);
          stepwise = false;
          return made;
        };
        return await replayedLine(this.#rederiver, line, rows, prompt, request);
      } catch (cause) {
        if (!signal.aborted) throw cause;
        throw new EngineError('aborted', 'The replay was stopped before its end.', { cause });
      }
    });
  }

  async evidence(id: LineId, params: SamplingParams, depth: number): Promise<LineEvidence | null> {
    return this.#steps.ofAll(id, params, (line, steps) =>
      lineEvidence(this.#rederiver, line, params, steps, depth),
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
    id: LineId,
    use: (line: HeldLine, rows: LogitRows, tokenizer: Tokenizer) => Promise<T>,
  ): Promise<T | null> {
    const line = this.lines.get(id);
    if (!line) return null;
    const before = line.tokens.slice(0, -1);
    return this.#steps.logits(before, line.promptLength - 1, (rows) =>
      use(line, rows, this.engine.tokenizer),
    );
  }

  async distances(line: HeldLine, rows: LogitRows, other: Tokenizer): Promise<LineDistances> {
    const { tokenizer, session } = this.engine;
    const different = vocabularyDifference(other, tokenizer);
    if (different !== null) throw new EngineError('not-supported', different);
    return this.inTurn(async (signal) => {
      const before = line.tokens.slice(0, -1);
      const own = this.#memory.walk(session, before, line.promptLength - 1, 'prefill', signal);
      try {
        return await lineDistances(line.tokens.slice(line.promptLength), rows, own, tokenizer);
      } finally {
        await own.return();
      }
    });
  }
}
