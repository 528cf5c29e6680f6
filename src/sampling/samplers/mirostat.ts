import type { Candidates } from '../candidates.ts';
import { defineStage, type NumbersOf } from './definition.ts';
import { requireSameStep, type ChainContext, type Stage, type StageNote } from './stage.ts';

export const definition = defineStage({
  name: 'mirostat',
  label: 'Mirostat',
  help: 'Steers the surprise of the text towards τ by moving its own cut-off after each token.',
  kind: 'pick',
  withMirostat: true,
  forBeams: false,
  llamaCpp: null,
  parameters: {
    mirostat: {
      range: [0, 2],
      step: 1,
      default: 0,
      neutral: 0,
      start: 2,
      help: '1 or 2 hold the surprise of the text near τ by a moving cut-off, in place of DRY and every other cut; 0 is off.',
    },
    mirostatTau: {
      label: 'Mirostat τ',
      range: [0, 100],
      slider: [0, 10],
      step: 0.01,
      default: 5,
      neutral: null,
      help: 'The surprise that mirostat aims at, in bits per token: low is plain, high is wild.',
    },
    mirostatEta: {
      label: 'Mirostat η',
      range: [0, 1],
      step: 0.01,
      default: 0.1,
      neutral: null,
      help: 'How fast mirostat corrects its cut-off after each token.',
    },
  },
  idle: ({ mirostat }) => mirostat === 0,
});

/** Mirostat 1 fits Zipf's law to this many tokens. */
const FIT = 100;

/**
 * Mirostat 1 and 2 (Basu et al., 2021): a cut-off μ that follows the surprise of the text, in bits, towards τ.
 * μ starts at 2τ and moves by −η(observed − τ) with each accepted token. A token that the cut-off had removed (chosen by
 * hand, or drawn earlier with other parameters) counts with its surprise before the cut.
 */
export function build(params: NumbersOf<typeof definition>, { vocabularySize }: ChainContext): Stage | null {
  return definition.idle(params) ? null : new Mirostat(params, vocabularySize, 2 * params.mirostatTau);
}

/** The step whose token is not yet known: the candidates as the stage left them, and the normaliser before its cut. */
interface Pending {
  readonly candidates: Candidates;
  readonly generation: number;
  readonly normaliserBefore: number;
}

class Mirostat implements Stage {
  readonly #params: NumbersOf<typeof definition>;
  readonly #vocabularySize: number;
  #mu: number;
  #pending: Pending | null = null;

  constructor(params: NumbersOf<typeof definition>, vocabularySize: number, mu: number) {
    this.#params = params;
    this.#vocabularySize = vocabularySize;
    this.#mu = mu;
  }

  apply(candidates: Candidates): StageNote {
    const normaliserBefore = candidates.logNormaliser();
    this.#pending = { candidates, generation: candidates.generation, normaliserBefore };
    if (this.#params.mirostat === 2) {
      candidates.keepLogits(normaliserBefore - this.#mu * Math.LN2, 1);
      return { cut: { quantity: 'bits', value: this.#mu } };
    }
    const k = zipfK(candidates, this.#mu, this.#vocabularySize);
    if (k >= candidates.count) return {};
    candidates.keepTop(k);
    return { cut: { quantity: 'logit', value: candidates.logits[candidates.ids[k - 1]!]! } };
  }

  accept(token: number): void {
    if (this.#pending === null) return;
    const { candidates, generation, normaliserBefore } = this.#pending;
    requireSameStep(candidates, generation);
    this.#pending = null;
    const alive = candidates.fate[token] === 0;
    const normaliser = alive ? candidates.logNormaliser() : normaliserBefore;
    const observed = (normaliser - candidates.logits[token]!) / Math.LN2;
    if (!Number.isFinite(observed)) return;
    this.#mu -= this.#params.mirostatEta * (observed - this.#params.mirostatTau);
  }

  clone(): Stage {
    const copy = new Mirostat(this.#params, this.#vocabularySize, this.#mu);
    copy.#pending = this.#pending;
    return copy;
  }
}

/** k = (ε̂ · 2^μ / (1 − V^−ε̂))^(1/ŝ) with ŝ from the most likely tokens; at least 1. */
function zipfK(candidates: Candidates, mu: number, vocabularySize: number): number {
  const n = Math.min(FIT, candidates.count);
  candidates.sortFirst(n);
  const { ids, logits } = candidates;
  let products = 0;
  let squares = 0;
  for (let i = 0; i + 1 < n; i++) {
    const t = Math.log((i + 2) / (i + 1));
    const b = logits[ids[i]!]! - logits[ids[i + 1]!]!;
    products += t * b;
    squares += t * t;
  }
  if (squares === 0) return 1;
  const s = products / squares;
  const epsilon = s - 1;
  // At ε = 0 the quotient is 0/0; its limit is 1 / ln V.
  const quotient =
    Math.abs(epsilon) < 1e-9 ? 1 / Math.log(vocabularySize) : epsilon / (1 - vocabularySize ** -epsilon);
  const k = (2 ** mu * quotient) ** (1 / s);
  return Number.isNaN(k) ? candidates.count : Math.max(1, Math.min(candidates.count, Math.floor(k)));
}
