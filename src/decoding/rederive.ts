/**
 * The chain, run again over a text that stands, without the model: at each step, what it makes of the same logits with other
 * parameters, which token it would have drawn, and where the text would first have parted.
 */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import { Candidates } from '../sampling/candidates.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler, type Draw } from '../sampling/sampler.ts';
import { traceMemory, type StepTrace, type TraceMemory } from '../sampling/trace.ts';
import { maskedMass } from '../sampling/trace_view.ts';
import { checkParams } from '../sampling/validate.ts';
import { resolveBreakers } from './dry_breakers.ts';
import type { LogitRows } from './logit_memory.ts';
import type { Masks } from './grammar/masks.ts';

export { remembers } from '../sampling/chain.ts';

export interface PastText {
  /** Prompt and output. */
  readonly tokens: readonly TokenId[];
  readonly promptLength: number;
  readonly stream: number;
  /** Output indices whose token was chosen by hand: nothing was drawn there. */
  readonly byHand: ReadonlySet<number>;
}

/** Steps of a text whose logits are at hand. */
export interface KnownSteps {
  /** Position of the token that rows[0] predicts. */
  readonly from: number;
  /** A chain with a past (`remembers`) is off by the output's steps that are left out. */
  readonly rows: LogitRows;
  /** What a grammar allowed at each; empty where there is none. */
  readonly masks: Masks;
}

/** One step of a walk. */
export interface WalkedStep {
  readonly sampler: Sampler;
  readonly draw: Draw;
  readonly logits: Float32Array;
  /** From 0 on. */
  readonly index: number;
  readonly last: boolean;
}

/** Other parameters on each output of a text. */
export interface Rederivation {
  /** [outputs] the token that would have been drawn, given the text before it as it stands. */
  readonly tokens: Int32Array;
  /** [outputs] final logprob of the token that stands there; −Infinity when the chain would have removed it. */
  readonly finalLogprob: Float64Array;
  /** [outputs] in nats */
  readonly finalEntropy: Float64Array;
  /** [outputs] candidates alive at the draw */
  readonly kept: Float64Array;
  /** [outputs] share of the mass that a grammar removed; NaN where none had a say. */
  readonly masked: Float64Array;
  /** Index of the first output that would have been another, or null. */
  readonly firstDivergence: number | null;
}

/** Keeps its working memory between calls, so that a slider can be followed. */
export class Rederiver {
  #candidates: Candidates | null = null;
  #memory: TraceMemory | null = null;

  /** @param vocabularySize of the logits */
  constructor(
    readonly tokenizer: Tokenizer,
    readonly vocabularySize = tokenizer.vocabularySize,
  ) {}

  /** A trace's memory for those who look at one step at a time: what is written there is gone with the next trace. */
  get memory(): TraceMemory {
    return (this.#memory ??= traceMemory(this.vocabularySize));
  }

  /**
   * Goes over the steps in order; the sampler that `visit` gets stands after the step's draw, and only until `visit` returns:
   * another walk may go on meanwhile.
   * @throws SamplingError `bad-parameter`, `bad-logit`, `no-candidates`; what computes the rows, throws
   */
  async walk(
    { tokens, stream }: Pick<PastText, 'tokens' | 'stream'>,
    params: SamplingParams,
    { from, rows, masks }: KnownSteps,
    visit: (step: WalkedStep) => void,
  ): Promise<void> {
    const { vocabularySize } = this;
    checkParams(params, vocabularySize);
    const dryBreakers =
      params.dryMultiplier > 0 ? resolveBreakers(params.dryBreakers, this.tokenizer) : new Map();
    this.#candidates ??= new Candidates(vocabularySize);
    const sampler = new Sampler(params, { vocabularySize, stream, dryBreakers }, this.#candidates);
    const all = Int32Array.from(tokens);
    let index = 0;
    const take = (logits: Float32Array, last: boolean): void => {
      const position = from + index;
      const history = all.subarray(0, position);
      const draw = sampler.sample(logits, { history, position, allowed: masks[index] ?? null });
      visit({ sampler, draw, logits, index, last });
      if (position < all.length) sampler.accept(all[position]!);
      index++;
    };
    let held: Float32Array | null = null;
    for await (const logits of rows) {
      if (held) take(held, false);
      held = logits;
    }
    if (held) take(held, true);
  }

  /** @param steps of every output, from the first on */
  async rederive(text: PastText, params: SamplingParams, steps: KnownSteps): Promise<Rederivation> {
    const outputs = text.tokens.length - steps.from;
    const tokens = new Int32Array(outputs);
    const finalLogprob = new Float64Array(outputs);
    const finalEntropy = new Float64Array(outputs);
    const kept = new Float64Array(outputs);
    const masked = new Float64Array(outputs);
    let firstDivergence: number | null = null;
    await this.walk(text, params, steps, ({ sampler, draw, index: output }) => {
      const stands = text.tokens[steps.from + output]!;
      tokens[output] = text.byHand.has(output) ? stands : draw.token;
      finalLogprob[output] = sampler.finalLogprob(stands);
      finalEntropy[output] = draw.finalEntropy;
      kept[output] = draw.kept;
      masked[output] = maskedMass(draw.stages) ?? NaN;
      if (firstDivergence === null && tokens[output] !== stands) firstDivergence = output;
    });
    return { tokens, finalLogprob, finalEntropy, kept, masked, firstDivergence };
  }

  /**
   * The whole vocabulary's fate at the last of the steps, whose token need not be there yet.
   * @param steps at least one; the output's earlier ones too where the chain `remembers`
   * @param read is called before anybody else can write to `memory`
   * @param memory default: memory of the trace's own
   */
  async trace<T>(
    text: Pick<PastText, 'tokens' | 'stream'>,
    params: SamplingParams,
    steps: KnownSteps,
    read: (trace: StepTrace) => T,
    memory?: TraceMemory,
  ): Promise<T> {
    const found: T[] = [];
    await this.walk(text, params, steps, ({ sampler, last }) => {
      if (last) found.push(read(sampler.trace(memory)));
    });
    if (found.length === 0) throw new Error('A trace needs the logits of its step.');
    return found[0]!;
  }
}
