/** exp(logit − shift) for the living, and their sum. Each is computed again only after a change. */
import { exp } from './exp.ts';
import { weighSome } from './weighing.ts';

/** The candidates alive: ids[0 … count) with their logits by id. */
export interface Living {
  readonly ids: Uint32Array;
  readonly count: number;
  readonly logits: Float64Array;
  readonly maxLogit: number;
}

/** If a logit rises this far above the shift, all weights are computed anew. */
const MOST_ABOVE = 32;
/** A total outside these limits has lost digits, or soon will. */
const LEAST_TOTAL = 1e-9;
const MOST_TOTAL = 1e18;

export class Weights {
  /** By token id; meaningless for removed tokens. */
  readonly values: Float64Array<ArrayBuffer>;
  /** The logit that weighs 1. */
  shift = 0;
  #weighed = false;
  #total = 0;
  #summed = false;

  constructor(vocabularySize: number) {
    this.values = new Float64Array(vocabularySize);
  }

  /** The caller has filled `values`, with this shift and total. */
  begin(shift: number, total: number): void {
    this.shift = shift;
    this.#total = total;
    this.#weighed = true;
    this.#summed = true;
  }

  /** Σ over the living. */
  total(living: Living): number {
    if (this.#weighed && !this.#summed) {
      this.#total = sumOf(living.ids, living.count, this.values);
      this.#summed = true;
      this.#weighed = this.#total > LEAST_TOTAL && this.#total < MOST_TOTAL;
    }
    if (!this.#weighed) {
      const shift = living.maxLogit;
      this.begin(shift, weighSome(living.ids, living.count, living.logits, shift, this.values));
    }
    return this.#total;
  }

  /**
   * In nats. Scaled so that the best token weighs 1, with r the sum of the other weights and d the distance of a logit below the
   * best: H = ln(1 + r) + Σ w·d / (1 + r). No term is negative, so nothing cancels when the best token is all but certain.
   */
  entropy(living: Living): number {
    const { ids, count, logits } = living;
    const { values } = this;
    if (this.total(living) === 0) return 0;
    let best = ids[0]!;
    for (let i = 1; i < count; i++) if (logits[ids[i]!]! > logits[best]!) best = ids[i]!;
    const max = logits[best]!;
    let others = 0;
    let below = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      const weight = values[id]!;
      // 0 · ln 0 is 0.
      if (weight === 0 || id === best) continue;
      others += weight;
      below += weight * (max - logits[id]!);
    }
    others /= values[best]!;
    below /= values[best]!;
    return Math.log1p(others) + below / (1 + others);
  }

  /** Changes one living token's logit; `forgetTotal` must follow the last change. */
  change(id: number, logit: number): void {
    const difference = logit - this.shift;
    if (difference > MOST_ABOVE) this.#weighed = false;
    else if (this.#weighed) this.values[id] = exp(difference);
  }

  /** The set of living tokens has changed. */
  forgetTotal(): void {
    this.#summed = false;
  }

  /** All logits have changed. */
  forget(): void {
    this.#weighed = false;
  }
}

function sumOf(ids: Uint32Array, count: number, values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[ids[i]!]!;
  return total;
}
