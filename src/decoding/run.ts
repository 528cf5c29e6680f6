/** What all strategies share: drawing, recording, advancing as one batch, ending. `open.ts` opens the first branches. */
import type { Engine, EngineError } from '../engines/contract.ts';
import { Candidates } from '../sampling/candidates.ts';
import { SamplingError } from '../sampling/errors.ts';
import type { Branch } from './branch.ts';
import type { Constraint } from './constraint.ts';
import type { RunEvent, RunSpec, RunTiming, StepRecord, StopReason } from './events.ts';
import type { LogitMemory } from './logit_memory.ts';
import type { MatchPattern } from './pattern.ts';
import { stepRecord, topCandidates, type Choice } from './step_record.ts';

export interface RunOptions {
  readonly onEvent?: (event: RunEvent) => void;
  /** Stops the run between two tokens; the text so far becomes the result. */
  readonly signal?: AbortSignal;
  /** Keeps each step's logits for re-deriving; by default none are kept. */
  readonly memory?: LogitMemory;
  /** The grammar's constraint for a branch of this lane. */
  readonly constraint?: (lane: number) => Constraint | null;
  /** Needed by strategies that judge by a regular expression. */
  readonly matchPattern?: MatchPattern;
  /** Milliseconds, for the timing; default `performance.now`. */
  readonly now?: () => number;
}

/** Of a run that has done nothing. */
export const NO_TIME: RunTiming = {
  promptTokens: 0,
  reusedTokens: 0,
  prefillMs: 0,
  steps: 0,
  tokens: 0,
  decodeMs: 0,
  samplingMs: 0,
};

/** Longest time in milliseconds that a run blocks its thread for other work, above all for a stop. */
const BREATH = 25;

export class Run {
  readonly branches: Branch[] = [];
  /** The first failure. */
  error: EngineError | SamplingError | null = null;
  /** Working memory, shared by all samplers of the run. */
  readonly candidates: Candidates;
  readonly timing: { -readonly [K in keyof RunTiming]: RunTiming[K] };
  readonly now: () => number;
  #lastBreath: number;

  constructor(
    readonly engine: Engine,
    readonly spec: RunSpec,
    readonly options: RunOptions,
  ) {
    this.candidates = new Candidates(engine.model.vocabularySize);
    this.now = options.now ?? (() => performance.now());
    this.#lastBreath = this.now();
    this.timing = { ...NO_TIME };
  }

  get living(): Branch[] {
    return this.branches.filter((branch) => branch.reason === null);
  }

  get stopped(): boolean {
    return this.options.signal?.aborted ?? false;
  }

  /** Emitted at once: if the next branch fails to open, this one has begun anyway. */
  begin(branch: Branch): void {
    this.branches.push(branch);
    const { id, lane, parent, shared } = branch;
    this.emit({ type: 'branches', started: [{ branch: id, lane, parent, shared }] });
  }

  emit(event: RunEvent): void {
    this.options.onEvent?.(event);
  }

  /**
   * Runs the branch's chain on its logits. Call `append` before `choose` for another branch.
   * @param pick `best` takes the first candidate instead of drawing one
   * @returns null if the chain failed; the branch has then ended
   */
  async choose(branch: Branch, pick: 'draw' | 'best'): Promise<Choice | null> {
    const allowed = (await branch.constraint?.allowed()) ?? null;
    const started = this.now();
    const { sampler, logits, history } = branch;
    try {
      const step = { history, position: history.length, allowed };
      const draw = sampler.sample(logits, pick === 'best' ? { ...step, u: 0 } : step);
      return {
        token: draw.token,
        draw,
        finalLogprob: sampler.finalLogprob(draw.token),
        u: pick === 'best' ? null : draw.u,
        top: topCandidates(sampler, draw, logits, this.spec.topCandidates ?? 0),
      };
    } catch (error) {
      if (!(error instanceof SamplingError)) throw error;
      this.error ??= error;
      this.end(branch, 'error');
      return null;
    } finally {
      this.timing.samplingMs += this.now() - started;
    }
  }

  /** Adds the token to the branch's text and scores, and notes the reason if that ends the branch. */
  append(branch: Branch, choice: Choice): StepRecord {
    const { token, draw } = choice;
    const { tokenizer } = this.engine;
    branch.sampler.accept(token);
    branch.constraint?.accept(token);
    branch.history.push(token);
    branch.totalLogprob += branch.logits[token]! - draw.rawLogNormaliser;
    this.timing.tokens++;
    let piece = tokenizer.kind(token) === 'control' ? '' : branch.decoder.push(token);
    branch.stopSequence = branch.stopper.push(piece);
    branch.reason = this.#reasonToStop(branch, token);
    if (branch.reason !== null && branch.reason !== 'stop-sequence') {
      const rest = branch.decoder.end();
      branch.stopper.skip(rest);
      piece += rest;
    }
    return stepRecord(choice, branch.logits, {
      branch: branch.id,
      piece,
      visible: branch.reason === null ? branch.stopper.visible : branch.text.length,
    });
  }

  /** Runs one forward pass over their last tokens, or several if there are more branches than the engine takes at once. */
  async advance(branches: readonly Branch[]): Promise<void> {
    const { session, capabilities } = this.engine;
    for (let from = 0; from < branches.length; from += capabilities.maxBatch) {
      const batch = branches.slice(from, from + capabilities.maxBatch);
      const entries = batch.map(({ sequence, history }) => ({ sequence, token: history.at(-1)! }));
      const rows = await session.step(entries);
      this.timing.steps++;
      for (const [i, branch] of batch.entries()) {
        branch.logits = rows[i]!;
        this.remember(branch, branch.history.at(-1)!);
      }
    }
    if (this.now() - this.#lastBreath > BREATH) {
      await new Promise((resolve) => setTimeout(resolve));
      this.#lastBreath = this.now();
    }
  }

  /** Keeps the branch's logits, one token after those kept before. */
  remember(branch: Branch, token: number): void {
    const { memory } = this.options;
    if (memory === undefined) return;
    branch.node = memory.extend(branch.node, token);
    memory.putAt(branch.node, branch.logits);
  }

  /** Ends a branch, for the given reason or the one that `append` found, and releases its memory. */
  end(branch: Branch, reason: StopReason = 'stopped'): void {
    if (branch.released) return;
    if (branch.reason === null) {
      branch.reason = reason;
      branch.stopper.skip(branch.decoder.end());
    }
    this.release(branch);
    this.emit({ type: 'branch-end', result: branch.result() });
  }

  release(branch: Branch): void {
    if (branch.released) return;
    branch.released = true;
    branch.constraint?.release();
    this.engine.session.release(branch.sequence);
  }

  #reasonToStop(branch: Branch, token: number): StopReason | null {
    const { stop } = this.spec;
    const { tokenizer, model } = this.engine;
    if (!stop.ignoreEndOfGeneration && tokenizer.endOfGeneration.has(token)) return 'end-of-generation';
    if (branch.stopSequence !== null) return 'stop-sequence';
    if (branch.generated >= stop.maxTokens) return 'max-tokens';
    if (branch.history.length >= model.contextLength) return 'context-full';
    return null;
  }
}
