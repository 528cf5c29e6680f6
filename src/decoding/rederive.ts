/**
 * Other parameters on a past text, without the model: at each step, what the chain would have made of the same logits,
 * which token it would have drawn, and where the text would first have parted.
 */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import { Candidates } from '../sampling/candidates.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { Sampler, type Draw } from '../sampling/sampler.ts';
import { rankOf } from '../sampling/scores.ts';
import type { StageSummary, StepTrace } from '../sampling/trace.ts';
import { checkParams } from '../sampling/validate.ts';
import { resolveBreakers } from './dry_breakers.ts';
import { summarise } from './step_record.ts';

export interface RederiveSpec {
  readonly prompt: readonly TokenId[];
  /** The text's output tokens: the past that stays as it is. */
  readonly tokens: readonly TokenId[];
  readonly params: SamplingParams;
  readonly stream?: number;
  /** As the greedy strategy: the first candidate in place of a draw. */
  readonly pick?: 'draw' | 'best';
}

/** A past step under other parameters. Numbers are the actual token's, as in `StepRecord`. */
export interface RederivedStep {
  readonly position: number;
  readonly token: TokenId;
  /** What would have been drawn here, given the tokens before as they are. */
  readonly drawn: TokenId;
  readonly rawLogprob: number;
  /** −∞ when the new chain removes the token. */
  readonly finalLogprob: number;
  readonly rank: number;
  readonly entropy: number;
  readonly finalEntropy: number;
  readonly kept: number;
  readonly u: number;
  readonly stages: readonly StageSummary[];
}

export interface Rederivation {
  /** One for each token; null where the logits are not at hand. */
  readonly steps: readonly (RederivedStep | null)[];
  /** Index of the first token that would have been another; null when none is known to. */
  readonly firstDivergence: number | null;
  /** Steps without logits. */
  readonly missing: number;
}

/** Keeps the working memory between calls, so that a slider can be followed. */
export class Rederiver {
  readonly #candidates: Candidates;

  constructor(
    readonly tokenizer: Tokenizer,
    readonly vocabularySize: number,
  ) {
    this.#candidates = new Candidates(vocabularySize);
  }

  /**
   * @param rows rows[i]: raw logits that tokens[i] was drawn from, or null (`LogitMemory.along`). A chain with a past
   *   (mirostat, adaptive-p) misses the steps without logits, and is off by them from there on
   * @param allowed the grammar's mask at each step
   * @throws SamplingError `bad-parameter`, `bad-logit`, `no-candidates`
   */
  rederive(
    spec: RederiveSpec,
    rows: readonly (Float32Array | null)[],
    allowed: (index: number) => Int32Array | null = () => null,
  ): Rederivation {
    const steps: (RederivedStep | null)[] = [];
    this.#walk(spec, rows, spec.tokens.length, allowed, (sampler, draw, index) => {
      const token = spec.tokens[index]!;
      const logits = rows[index]!;
      const rawLogprob = logits[token]! - draw.rawLogNormaliser;
      steps[index] = {
        position: draw.position,
        token,
        drawn: draw.token,
        rawLogprob,
        finalLogprob: sampler.finalLogprob(token),
        rank: rankOf(logits, token),
        entropy: draw.rawEntropy,
        finalEntropy: draw.finalEntropy,
        kept: draw.kept,
        u: draw.u,
        stages: draw.stages.map(summarise),
      };
    });
    const all = spec.tokens.map((_, i) => steps[i] ?? null);
    const parting = all.findIndex((step) => step !== null && step.drawn !== step.token);
    return {
      steps: all,
      firstDivergence: parting < 0 ? null : parting,
      missing: all.filter((step) => step === null).length,
    };
  }

  /**
   * The whole vocabulary's fate at one step under the new parameters. `index` may be `tokens.length`: the next token.
   * @returns null when that step's logits are not at hand
   */
  trace(
    spec: RederiveSpec,
    rows: readonly (Float32Array | null)[],
    index: number,
    allowed: (index: number) => Int32Array | null = () => null,
  ): StepTrace | null {
    let trace: StepTrace | null = null;
    this.#walk(
      spec,
      rows,
      index + 1,
      allowed,
      (sampler, _, i) => {
        if (i === index) trace = sampler.trace();
      },
      index,
    );
    return trace;
  }

  /** @param only when the chain has no past, the one step to visit */
  #walk(
    spec: RederiveSpec,
    rows: readonly (Float32Array | null)[],
    end: number,
    allowed: (index: number) => Int32Array | null,
    visit: (sampler: Sampler, draw: Draw, index: number) => void,
    only: number | null = null,
  ): void {
    const { params, prompt, tokens, stream = 0, pick = 'draw' } = spec;
    checkParams(params, this.vocabularySize);
    const dryBreakers =
      params.dryMultiplier > 0 ? resolveBreakers(params.dryBreakers, this.tokenizer) : new Map();
    const context = { vocabularySize: this.vocabularySize, stream, dryBreakers };
    const sampler = new Sampler(params, context, this.#candidates);
    const remembers = params.mirostat > 0 || params.adaptiveTarget >= 0;
    const from = only === null || remembers ? 0 : only;
    const history = [...prompt, ...tokens.slice(0, from)];
    for (let index = from; index < end; index++) {
      const logits = rows[index];
      if (logits) {
        const step = { history, position: history.length, allowed: allowed(index) };
        visit(sampler, sampler.sample(logits, pick === 'best' ? { ...step, u: 0 } : step), index);
      }
      const token = tokens[index];
      if (token === undefined) return;
      if (logits) sampler.accept(token);
      history.push(token);
    }
  }
}
