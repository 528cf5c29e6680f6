/** The texts of one loaded engine, their logits, and what can be asked about them. */
import { EngineError, type Engine, type TokenId } from '../../engines/contract.ts';
import { OpenAiEngine } from '../../engines/openai/engine.ts';
import { encodeContinuation, scoreContinuation } from '../../decoding/continuation.ts';
import type { RunResult } from '../../decoding/events.ts';
import { masksAlong } from '../../decoding/grammar/masks.ts';
import { LogitMemory, type LogitRows } from '../../decoding/logit_memory.ts';
import type { MatchPattern } from '../../decoding/pattern.ts';
import { Rederiver, remembers, type KnownSteps } from '../../decoding/rederive.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { RawOrder } from '../../sampling/raw_order.ts';
import type { TraceMemory } from '../../sampling/trace.ts';
import type {
  AdoptedText,
  InspectOptions,
  LanePlace,
  LineEvent,
  LineEvidence,
  LineId,
  Rederived,
  ReplayRequest,
  ReplayedLine,
  RunRequest,
  StepPlace,
  TextScore,
  TokenHit,
} from '../api/worker_api.ts';
import { HeldLines, type HeldLine } from '../texts/held_lines.ts';
import { laneDistributions, temperatureStrip, type LaneStep } from '../texts/lane_views.ts';
import { lineEvidence } from '../texts/line_evidence.ts';
import { replayedLine } from '../texts/replayed_line.ts';
import { runLines } from '../texts/run_lines.ts';
import { scoredPrompt } from '../texts/scored_prompt.ts';
import { runOnServer } from '../server/server_run.ts';
import { ServerSteps } from '../server/server_steps.ts';
import { candidateRow, stepView } from '../texts/step_view.ts';
import { TokenIndex } from '../texts/token_text.ts';
import type { Turns } from './turns.ts';
import type { CandidateRow, LaneDistributions, StepView, TemperatureStrip } from '../api/views.ts';

export class Texts {
  readonly #lines = new HeldLines();
  readonly #memory = new LogitMemory();
  readonly #serverSteps = new ServerSteps();
  readonly #rederiver: Rederiver;
  #orders: RawOrder | null = null;
  #index: TokenIndex | null = null;
  #closed = false;

  constructor(
    readonly engine: Engine,
    private readonly turns: Turns,
    private readonly matchPattern: MatchPattern,
  ) {
    this.#rederiver = new Rederiver(engine.tokenizer);
  }

  /** Of the logits that are kept. */
  get logitBytes(): number {
    return this.#memory.bytes;
  }

  run(request: RunRequest, onEvents: (events: readonly LineEvent[]) => void): Promise<RunResult> {
    const { engine } = this;
    return this.turns.run((signal) => {
      this.#refuseWhenClosed();
      const context = {
        lines: this.#lines,
        memory: this.#memory,
        rederiver: this.#rederiver,
        matchPattern: this.matchPattern,
        signal,
        onEvents,
      };
      return engine instanceof OpenAiEngine
        ? runOnServer(engine, request, context, this.#serverSteps)
        : runLines(engine, request, context);
    });
  }

  adopt(line: LineId, { tokens, promptLength, stream, byHand }: AdoptedText): void {
    this.#lines.hold(line, { tokens: [...tokens], promptLength, stream, byHand: new Set(byHand) });
  }

  forget(line: LineId): void {
    this.#lines.forget(line);
  }

  async inspect(place: StepPlace, params: SamplingParams, { top }: InspectOptions): Promise<StepView | null> {
    const { engine } = this;
    if (engine instanceof OpenAiEngine) {
      const line = this.#lines.get(place.line);
      return line && this.#serverSteps.view(line, place.position, engine.tokenizer, top);
    }
    return this.#look(
      place,
      params,
      ({ trace, chosen, drawn }) => {
        this.#orders ??= new RawOrder(trace.raw.length);
        return stepView(trace, chosen, drawn, engine.tokenizer, top, this.#orders);
      },
      this.#rederiver.memory,
    );
  }

  candidate(place: StepPlace, params: SamplingParams, token: TokenId): Promise<CandidateRow | null> {
    return this.#look(
      place,
      params,
      ({ trace }) => candidateRow(trace, token, this.engine.tokenizer),
      this.#rederiver.memory,
    );
  }

  async distributions(places: readonly LanePlace[], top: number): Promise<LaneDistributions> {
    const steps: (LaneStep | null)[] = [];
    for (const { place, params } of places) steps.push(await this.#look(place, params, (step) => step));
    return laneDistributions(steps, top, this.engine.tokenizer);
  }

  async temperatureStrip(
    { place, params }: LanePlace,
    temperatures: readonly number[],
  ): Promise<TemperatureStrip | null> {
    const steps: LaneStep[] = [];
    for (const temperature of temperatures) {
      const step = await this.#look(place, { ...params, temperature }, (found) => found);
      if (!step) return null;
      steps.push(step);
    }
    const traces = steps.map(({ trace }) => trace);
    return temperatureStrip(temperatures, traces, steps[0]?.chosen ?? null, this.engine.tokenizer);
  }

  async score(place: StepPlace, params: SamplingParams, typed: string): Promise<TextScore | null> {
    const at = this.#lines.at(place);
    const { tokenizer, capabilities } = this.engine;
    if (!at || capabilities.logits !== 'full') return null;
    const continuation = encodeContinuation(typed, tokenizer);
    if (continuation.length === 0) return null;
    const tokens = [...at.before, ...continuation];
    const text = { tokens, stream: at.line.stream };
    const found = await this.#steps(at.line, tokens.slice(0, -1), at.before.length, params, (steps) =>
      scoreContinuation(this.#rederiver, text, params, steps, continuation.length),
    );
    return (
      found && {
        ...found,
        tokens: found.tokens.map((fate) => ({ ...fate, label: tokenizer.label(fate.token) })),
      }
    );
  }

  async rederive(id: LineId, params: SamplingParams): Promise<Rederived | null> {
    return this.#allSteps(id, params, (line, steps) => this.#rederived(line, params, steps));
  }

  /** @throws EngineError `aborted` when it is stopped, `not-supported` where an engine tells no logits */
  async replay(request: ReplayRequest): Promise<ReplayedLine | null> {
    const { engine } = this;
    const line = this.#lines.get(request.line);
    if (!line) return null;
    return this.turns.run(async (signal) => {
      this.#refuseWhenClosed();
      try {
        const prompt = await scoredPrompt(engine, line.tokens.slice(0, line.promptLength), signal);
        let { stepwise } = request;
        const rows = (): LogitRows => {
          const made = this.#replayRows(line, stepwise, signal);
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

  /** Logits of every output of a line. */
  #replayRows({ tokens, promptLength }: HeldLine, stepwise: boolean, signal: AbortSignal): LogitRows {
    const before = tokens.slice(0, -1);
    const { session } = this.engine;
    if (!stepwise) return this.#memory.walk(session, before, promptLength - 1, 'prefill', signal);
    // What is remembered may come from one pass over the whole text; a replay makes every row anew, step by step.
    const made = new LogitMemory(0).walk(session, before, promptLength - 1, 'replay', signal);
    return this.#remembered(made, before, promptLength);
  }

  async evidence(id: LineId, params: SamplingParams, depth: number): Promise<LineEvidence | null> {
    const { engine } = this;
    if (engine instanceof OpenAiEngine) {
      const line = this.turns.running ? null : this.#lines.get(id);
      return line && this.#serverSteps.evidence(line, engine.tokenizer, depth);
    }
    return this.#allSteps(id, params, (line, steps) =>
      lineEvidence(this.#rederiver, line, params, steps, depth),
    );
  }

  /** Raw logits of each output of a line; null when they cannot be had now, or it is not held. */
  async outputs<T>(id: LineId, use: (line: HeldLine, rows: LogitRows) => Promise<T>): Promise<T | null> {
    const line = this.#lines.get(id);
    return line && this.#logits(line.tokens.slice(0, -1), line.promptLength - 1, (rows) => use(line, rows));
  }

  search(query: string, limit: number): readonly TokenHit[] {
    this.#index ??= new TokenIndex(this.engine.tokenizer);
    return this.#index.search(query, limit);
  }

  close(): void {
    this.#closed = true;
    this.engine.dispose();
  }

  /** A turn may come when another model has taken the place of this one. */
  #refuseWhenClosed(): void {
    if (this.#closed)
      throw new EngineError('aborted', 'Another model was loaded before this began; start it again.');
  }

  async #rederived(line: HeldLine, params: SamplingParams, steps: KnownSteps): Promise<Rederived> {
    const found = await this.#rederiver.rederive(line, params, steps);
    return { ...found, labels: Array.from(found.tokens, (token) => this.engine.tokenizer.label(token)) };
  }

  async *#remembered(
    rows: AsyncIterable<Float32Array>,
    tokens: readonly TokenId[],
    from: number,
  ): AsyncGenerator<Float32Array> {
    let node = this.#memory.node(tokens.slice(0, from));
    let next = from;
    for await (const row of rows) {
      this.#memory.putAt(node, row);
      if (next < tokens.length) node = this.#memory.extend(node, tokens[next++]!);
      yield row;
    }
  }

  /** @param read is called before anybody else can write to `memory` */
  async #look<T>(
    place: StepPlace,
    params: SamplingParams,
    read: (step: LaneStep) => T,
    memory?: TraceMemory,
  ): Promise<T | null> {
    const at = this.#lines.at(place);
    if (!at) return null;
    const { before, chosen, line } = at;
    const output = place.position - line.promptLength;
    const drawn = output >= 0 && !line.byHand.has(output);
    return this.#steps(line, before, before.length, params, (steps) =>
      this.#rederiver.trace(
        { tokens: before, stream: line.stream },
        params,
        steps,
        (trace) => read({ trace, before, chosen, drawn }),
        memory,
      ),
    );
  }

  /** Every output of a line; null while a run goes on. */
  async #allSteps<T>(
    id: LineId,
    params: SamplingParams,
    use: (line: HeldLine, steps: KnownSteps) => Promise<T>,
  ): Promise<T | null> {
    const held = this.#lines.get(id);
    if (!held || this.turns.running) return null;
    // A run that begins meanwhile adds to its own line.
    const line = { ...held, tokens: [...held.tokens] };
    return this.#steps(line, line.tokens.slice(0, -1), line.promptLength, params, (steps) =>
      use(line, steps),
    );
  }

  /**
   * The steps that predict what follows `tokens` from position `wanted` on, and those before it that a chain remembers.
   * @returns null when logits are missing and cannot be had now
   */
  async #steps<T>(
    { promptLength }: HeldLine,
    tokens: readonly TokenId[],
    wanted: number,
    params: SamplingParams,
    use: (steps: KnownSteps) => Promise<T>,
  ): Promise<T | null> {
    const from = remembers(params) ? Math.min(wanted, promptLength) : wanted;
    // Within the prompt no grammar has a say.
    const masks =
      wanted < promptLength
        ? []
        : await masksAlong(params, this.engine.tokenizer, tokens.slice(promptLength), from - promptLength);
    return this.#logits(tokens, from - 1, (rows) => use({ from, rows, masks }));
  }

  /**
   * Logits after each beginning of `tokens` from `from + 1` tokens on; while a run goes on, only what is already known.
   * What was computed when a run cut in is kept, and null is the answer.
   */
  async #logits<T>(
    tokens: readonly TokenId[],
    from: number,
    use: (rows: LogitRows) => Promise<T>,
  ): Promise<T | null> {
    const known = this.#memory.along(tokens, from);
    if (known.every((row) => row !== null)) return use(known);
    const { session, capabilities } = this.engine;
    if (capabilities.logits !== 'full') return null;
    return this.turns.look(async (signal) =>
      this.#closed ? null : use(this.#memory.walk(session, tokens, from, 'prefill', signal)),
    );
  }
}
