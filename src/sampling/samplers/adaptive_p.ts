import type { Candidates } from '../candidates.ts';
import { defineStage, type NumbersOf } from './definition.ts';
import { requireSameStep, type Stage, type StageNote } from './stage.ts';

export const definition = defineStage({
  name: 'adaptive_p',
  label: 'Adaptive-p',
  help: 'Favours tokens whose probability is near a target that follows what was picked before.',
  kind: 'pick',
  withMirostat: false,
  forBeams: false,
  parameters: {
    adaptiveTarget: {
      label: 'Adaptive target',
      range: [-1, 1],
      slider: [0, 1],
      step: 0.01,
      default: -1,
      neutral: -1,
      start: 0.5,
      help: 'Favours tokens about this likely; below 0 it is off.',
    },
    adaptiveDecay: {
      label: 'Adaptive decay',
      range: [0, 0.99],
      step: 0.01,
      default: 0.9,
      neutral: null,
      help: 'How long adaptive-p remembers what was picked: 0 only the last token, 0.99 about a hundred.',
    },
  },
  idle: ({ adaptiveTarget }) => adaptiveTarget < 0,
});

/** Shape of the curve in llama.cpp: width of the distribution around the target, its peak and its sharpness. */
const WIDTH = 0.3;
const PEAK = 5;
const SHARPNESS = 10;

/**
 * Adaptive-p (llama.cpp): logit = 5 − 10·d²/(1 + d) with d = |p − a|/0.3, which favours tokens of probability near a.
 * The aim a steers the running mean of picked probabilities to the target.
 */
export function build(params: NumbersOf<typeof definition>): Stage | null {
  const { adaptiveTarget: target, adaptiveDecay: decay } = params;
  if (definition.idle(params)) return null;
  return new AdaptiveP(target, decay, target / (1 - decay), 1 / (1 - decay));
}

class AdaptiveP implements Stage {
  readonly #target: number;
  readonly #decay: number;
  #weightedSum: number;
  #totalWeight: number;
  #pending: { readonly candidates: Candidates; readonly generation: number } | null = null;

  constructor(target: number, decay: number, weightedSum: number, totalWeight: number) {
    this.#target = target;
    this.#decay = decay;
    this.#weightedSum = weightedSum;
    this.#totalWeight = totalWeight;
  }

  apply(candidates: Candidates): StageNote {
    const { ids, count } = candidates;
    const original = candidates.scratch;
    const total = candidates.total();
    const weights = candidates.weights();
    for (let i = 0; i < count; i++) original[ids[i]!] = weights[ids[i]!]! / total;
    const aim = Math.min(1, Math.max(0, 2 * this.#target - this.#weightedSum / this.#totalWeight));
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      const distance = Math.abs(original[id]! - aim) / WIDTH;
      candidates.setLogit(id, PEAK - (SHARPNESS * distance * distance) / (1 + distance));
    }
    candidates.endChanges();
    this.#pending = { candidates, generation: candidates.generation };
    return { changed: count };
  }

  accept(token: number): void {
    if (this.#pending === null) return;
    const { candidates, generation } = this.#pending;
    requireSameStep(candidates, generation);
    this.#pending = null;
    const original = candidates.fate[token] === 0 ? candidates.scratch[token]! : 0;
    this.#weightedSum = this.#decay * this.#weightedSum + original;
    this.#totalWeight = this.#decay * this.#totalWeight + 1;
  }

  clone(): Stage {
    const copy = new AdaptiveP(this.#target, this.#decay, this.#weightedSum, this.#totalWeight);
    copy.#pending = this.#pending;
    return copy;
  }
}
