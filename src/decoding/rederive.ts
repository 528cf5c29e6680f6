/**
 * Runs the chain again over an existing text, without the model. At each step it finds what the chain makes of the same logits with
 * other parameters, which token it would have drawn, and where the text would first have differed.
 */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import { Candidates } from '../sampling/candidates.ts';
import type { ChainWatch } from '../sampling/chain_watch.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler } from '../sampling/sampler.ts';
import { chainColumns, chainNumbers, type ChainNumbers } from '../sampling/token_numbers.ts';
import { traceMemory, type Draw, type StepTrace, type TraceMemory } from '../sampling/trace.ts';
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
  /** Output indices whose token was chosen by hand, so that nothing was drawn there. */
  readonly byHand: ReadonlySet<number>;
}

/** Steps of a text whose logits are available. */
export interface KnownSteps {
  /** Position of the token that rows[0] predicts. */
  readonly from: number;
  /** If the chain `remembers`, its results are wrong unless the rows begin with the first step of the output. */
  readonly rows: LogitRows;
  /** What a grammar allowed at each step; empty if there is none. */
  readonly masks: Masks;
}

/** One step of a walk. */
export interface WalkedStep {
  readonly sampler: Sampler;
  readonly draw: Draw;
  readonly logits: Float32Array;
  /** Counts from 0. */
  readonly index: number;
  readonly last: boolean;
}

/** The result of other parameters on each output of a text: a column [outputs] of each number of the token that stands there. */
export interface Rederivation extends ChainNumbers<Float64Array> {
  /** [outputs] the token that would have been drawn, given the text before it as it stands. */
  readonly tokens: Int32Array;
  /** Index of the first output that would have differed, or null. */
  readonly firstDivergence: number | null;
}

/** Keeps its working memory between calls, so that it can follow a slider. */
export class Rederiver {
  #candidates: Candidates | null = null;
  #memory: TraceMemory | null = null;

  /** @param vocabularySize length of the logits */
  constructor(
    readonly tokenizer: Tokenizer,
    readonly vocabularySize = tokenizer.vocabularySize,
  ) {}

  /** Memory for a trace, for callers that look at one step at a time: the next trace overwrites it. */
  get memory(): TraceMemory {
    return (this.#memory ??= traceMemory(this.vocabularySize));
  }

  /**
   * Goes over the steps in order. `visit` gets the sampler in its state after the step's draw; that state is valid only until `visit`
   * returns, because another walk may run in between.
   * @param watch gets the distributions between the stages of the last step
   * @throws SamplingError `bad-parameter`, `bad-logit`, `no-candidates`; and whatever computing the rows throws
   */
  async walk(
    { tokens, stream }: Pick<PastText, 'tokens' | 'stream'>,
    params: SamplingParams,
    { from, rows, masks }: KnownSteps,
    visit: (step: WalkedStep) => void,
    watch?: ChainWatch,
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
      const step = { history, position, allowed: masks[index] ?? null };
      const draw = sampler.sample(logits, step, last ? watch : undefined);
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

  /** @param steps the steps of every output, from the first on */
  async rederive(text: PastText, params: SamplingParams, steps: KnownSteps): Promise<Rederivation> {
    const outputs = text.tokens.length - steps.from;
    const tokens = new Int32Array(outputs);
    const numbers: ChainNumbers[] = [];
    let firstDivergence: number | null = null;
    await this.walk(text, params, steps, ({ sampler, draw, index: output }) => {
      const stands = text.tokens[steps.from + output]!;
      tokens[output] = text.byHand.has(output) ? stands : draw.token;
      numbers.push(chainNumbers(draw, sampler.finalLogprob(stands)));
      if (firstDivergence === null && tokens[output] !== stands) firstDivergence = output;
    });
    return { tokens, ...chainColumns(numbers), firstDivergence };
  }

  /**
   * The fate of the whole vocabulary at the last of the steps, whose token need not exist yet.
   * @param steps at least one; if the chain `remembers`, also the output's earlier ones
   * @param read is called before anything else can write to `memory`
   * @param memory default: newly allocated for this trace
   * @param watch gets the distributions between the stages of that step
   */
  async trace<T>(
    text: Pick<PastText, 'tokens' | 'stream'>,
    params: SamplingParams,
    steps: KnownSteps,
    read: (trace: StepTrace) => T,
    memory?: TraceMemory,
    watch?: ChainWatch,
  ): Promise<T> {
    const found: T[] = [];
    const visit = ({ sampler, last }: WalkedStep): void => {
      if (last) found.push(read(sampler.trace(memory)));
    };
    await this.walk(text, params, steps, visit, watch);
    if (found.length === 0) throw new Error('A trace needs the logits of its step.');
    return found[0]!;
  }
}
