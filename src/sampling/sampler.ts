/** A chain at work on one sequence: logits in, a token and its trace out. */
import { Candidates } from './candidates.ts';
import { buildChain, type ChainStage } from './chain.ts';
import type { ChainWatch } from './chain_watch.ts';
import { SamplingError } from './errors.ts';
import { STAGES, type SamplingParams } from './params.ts';
import { uniform } from './rng.ts';
import type { ChainContext, StepInput } from './samplers/stage.ts';
import { traceMemory, type Draw, type StageTrace, type StepTrace, type TraceMemory } from './trace.ts';

export class Sampler {
  readonly #context: ChainContext;
  readonly #candidates: Candidates;
  readonly #stages: readonly ChainStage[];
  #last: { readonly draw: Draw; readonly raw: Float32Array; readonly generation: number } | null = null;

  /**
   * @param params already validated (`checkParams`)
   * @param candidates working memory, shared by samplers that take turns; default: its own
   */
  constructor(
    readonly params: SamplingParams,
    context: ChainContext,
    candidates: Candidates = new Candidates(context.vocabularySize),
    stages: readonly ChainStage[] = buildChain(params, context),
  ) {
    this.#context = context;
    this.#candidates = candidates;
    this.#stages = stages;
  }

  /**
   * Runs the chain and draws. A pure function of its arguments, the parameters and the tokens accepted so far.
   * @param logits raw, [vocabulary]; not changed, and must stay as they are for as long as a trace of them is read
   * @param watch gets the distribution between the stages
   * @throws SamplingError `bad-logit`, `no-candidates`
   */
  sample(logits: Float32Array, step: StepInput, watch?: ChainWatch): Draw {
    const candidates = this.#candidates;
    candidates.load(logits, step.position);
    const { rawLogNormaliser, rawEntropy } = candidates;
    const traces: StageTrace[] = [];
    watch?.begin(logits, rawLogNormaliser);
    for (const stage of this.#stages) {
      if (stage.name === 'grammar' && !step.allowed) continue;
      const trace = this.#run(stage, traces.length + 1, step);
      traces.push(trace);
      watch?.after(trace, candidates);
    }
    candidates.centre();
    const u = step.u ?? uniform(this.params.seed, step.position, this.#context.stream ?? 0);
    const draw: Draw = {
      token: pick(candidates, u),
      position: step.position,
      u,
      kept: candidates.count,
      rawLogNormaliser,
      rawEntropy,
      finalLogNormaliser: candidates.logNormaliser(),
      finalEntropy: candidates.entropy(),
      stages: traces,
    };
    this.#last = { draw, raw: logits, generation: candidates.generation };
    return draw;
  }

  /** Final logprob of any token in the last step; −∞ when it was removed. */
  finalLogprob(token: number): number {
    const { draw } = this.#requireLast();
    if (this.#candidates.fate[token] !== 0) return -Infinity;
    return this.#candidates.logits[token]! - draw.finalLogNormaliser;
  }

  /** The most likely tokens that the chain kept in the last step, in order. */
  survivors(most: number): number[] {
    const { draw } = this.#requireLast();
    this.#candidates.sortFirst(most);
    return Array.from(this.#candidates.ids.subarray(0, Math.min(most, draw.kept)));
  }

  /**
   * Everything about the last step. Call it before the candidates serve another step.
   * @param memory the trace is written here, over any earlier one; default: new memory
   */
  trace(memory: TraceMemory = traceMemory(this.#candidates.vocabularySize)): StepTrace {
    const { draw, raw } = this.#requireLast();
    const { fate, logits } = memory;
    fate.set(this.#candidates.fate);
    logits.set(this.#candidates.logits);
    return { ...draw, raw, fate, logits };
  }

  /** Tells the chain which token joined the text, the drawn one or another. Call it before the candidates' next step. */
  accept(token: number): void {
    for (const { stage } of this.#stages) stage.accept?.(token);
  }

  /** An independent sampler with the same past, on the same working memory. */
  clone(): Sampler {
    const stages = this.#stages.map(({ name, stage }) => ({ name, stage: stage.clone() }));
    return new Sampler(this.params, this.#context, this.#candidates, stages);
  }

  #requireLast(): { readonly draw: Draw; readonly raw: Float32Array } {
    if (this.#last === null || this.#last.generation !== this.#candidates.generation) {
      throw new Error(
        'trace() and finalLogprob() must follow sample() before the candidates serve another step.',
      );
    }
    return this.#last;
  }

  #run({ name, stage }: ChainStage, number: number, step: StepInput): StageTrace {
    const candidates = this.#candidates;
    const before = candidates.count;
    const logNormaliser = candidates.logNormaliser();
    candidates.beginStage(number);
    const note = stage.apply(candidates, step);
    if (candidates.count === 0) {
      throw new SamplingError(
        'no-candidates',
        `${STAGES[name].label} removed all ${before} candidates at position ${step.position}, so no token can be drawn; loosen it or switch it off.`,
      );
    }
    return {
      stage: name,
      before,
      after: candidates.count,
      massRemoved: candidates.removedMass,
      temperature: note.temperature ?? null,
      cut: note.cut ?? null,
      changed: note.changed ?? 0,
      logNormaliser,
      entropy: note.entropy ?? null,
    };
  }
}

/** The first candidate, in order of probability, whose running sum exceeds u · total. */
function pick(candidates: Candidates, u: number): number {
  const { ids } = candidates;
  const taken = candidates.reach(u, true);
  const token = ids[taken - 1]!;
  if (candidates.probability(token) > 0) return token;
  // Rounding left the sum short of the total. The least likely token with any probability is the answer.
  candidates.sortFirst(taken);
  const possible = ids.subarray(0, taken).findLast((id) => candidates.probability(id) > 0);
  return possible ?? ids[0]!;
}
