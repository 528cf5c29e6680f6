/**
 * The living tokens of a step over the whole vocabulary: their logits, their order and their probabilities. `Candidates` adds what
 * removes them. Logits come as f32 and are f64 from here on.
 */
import { SamplingError } from './errors.ts';
import { PartialOrder } from './ordering/partial_order.ts';
import { largest, rejectLogits, weighAll } from './weighing.ts';
import { Weights } from './weights.ts';

/** `fate` of a token whose raw logit is −∞: it never was a candidate. */
export const NEVER_ALIVE = 255;

/** Up to this size of logits, a logprob keeps ten digits after the point. */
const MOST_EXACT = 1e5;

export class Distribution {
  /** By token id: the current logit of a living token, the last logit of a removed one. */
  readonly logits: Float64Array<ArrayBuffer>;
  /** By token id: 0 alive, s removed by the s-th stage, `NEVER_ALIVE`. */
  readonly fate: Uint8Array<ArrayBuffer>;
  /** The living are ids[0 … count); the first `sorted` of them are in order (logit descending, ties by id). */
  readonly ids: Uint32Array<ArrayBuffer>;
  count = 0;
  /** Counts `load`s, so that a later reader can tell whether these are still its step's candidates. */
  generation = 0;

  /** Raw figures, set by `load`. */
  rawLogNormaliser = 0;
  rawEntropy = 0;

  protected readonly held: Weights;
  protected readonly order: PartialOrder;
  protected sorted = 0;
  readonly #everyId: Uint32Array<ArrayBuffer>;

  constructor(readonly vocabularySize: number) {
    this.logits = new Float64Array(vocabularySize);
    this.fate = new Uint8Array(vocabularySize);
    this.ids = new Uint32Array(vocabularySize);
    this.held = new Weights(vocabularySize);
    this.order = new PartialOrder(vocabularySize);
    this.#everyId = Uint32Array.from({ length: vocabularySize }, (_, id) => id);
  }

  /**
   * Starts a step: every token with a logit above −∞ is a candidate.
   * @param raw [vocabularySize]
   * @throws SamplingError `bad-logit` for NaN or +∞, `no-candidates` when every logit is −∞
   */
  load(raw: Float32Array, position: number): void {
    const { logits, fate, ids, vocabularySize } = this;
    if (raw.length !== vocabularySize) {
      throw new SamplingError(
        'bad-logit',
        `The engine gave ${raw.length} logits at position ${position}, but the vocabulary has ${vocabularySize} tokens; reload the model.`,
      );
    }
    const max = largest(raw);
    const figures = weighAll(raw, max, logits, this.held.values);
    if (!(figures.total >= 1)) rejectLogits(raw, position);
    this.held.begin(max, figures.total);
    fate.fill(0);
    this.count = vocabularySize;
    ids.set(this.#everyId);
    if (figures.weightless > 0) this.#dropImpossible();
    this.generation++;
    this.sorted = 0;
    this.rawLogNormaliser = this.logNormaliser();
    this.rawEntropy = Math.max(0, Math.log(figures.total) - figures.weighted / figures.total);
  }

  #dropImpossible(): void {
    const { logits, fate, ids, vocabularySize } = this;
    let count = 0;
    for (let id = 0; id < vocabularySize; id++) {
      if (logits[id]! > -Infinity) ids[count++] = id;
      else fate[id] = NEVER_ALIVE;
    }
    this.count = count;
  }

  /** The largest living logit; −∞ when none lives. */
  get maxLogit(): number {
    const { ids, logits, count } = this;
    if (this.sorted > 0) return logits[ids[0]!]!;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const logit = logits[ids[i]!]!;
      if (logit > max) max = logit;
    }
    return max;
  }

  /** ln Σ exp(logit) over the living. */
  logNormaliser(): number {
    const total = this.total();
    return total === 0 ? -Infinity : this.held.shift + Math.log(total);
  }

  /** Entropy of the living, renormalised, in nats; 0·ln 0 is 0. */
  entropy(): number {
    return this.held.entropy(this);
  }

  probability(id: number): number {
    const total = this.total();
    return this.fate[id] === 0 ? this.held.values[id]! / total : 0;
  }

  /** Weights by token id, proportional to the probability among the living; valid until logits change. */
  weights(): Float64Array {
    this.total();
    return this.held.values;
  }

  /** Σ of `weights()` over the living. */
  total(): number {
    return this.held.total(this);
  }

  /** Puts at least the first `wanted` living ids in order, so that they can be read from `ids`. */
  sortFirst(wanted: number): void {
    if (wanted > this.sorted) {
      this.sorted = this.order.extend(this.ids, this.count, this.logits, this.sorted, wanted);
    }
  }

  /**
   * Walks the living in order until their running mass reaches `share` of the total.
   * @param strict the mass must exceed the goal; otherwise it may equal it
   * @returns how many tokens that takes. They are ids[0 … n): the last one is at its place, the others are in any order. All of
   *   the living when rounding leaves the mass short
   */
  reach(share: number, strict: boolean): number {
    const goal = share * this.total();
    const { ids, count, logits } = this;
    const walk = this.order.walk(ids, count, logits, this.held.values, this.sorted, goal, strict);
    this.sorted = walk.sorted;
    return walk.taken;
  }

  /** Changes one living token's logit; `endChanges` must follow the last change. */
  setLogit(id: number, logit: number): void {
    this.logits[id] = logit + 0;
    this.held.change(id, logit);
  }

  endChanges(): void {
    this.sorted = 0;
    this.held.forgetTotal();
  }

  /**
   * Shifts the logits so that the best is 0, if they are so large that logprobs, which are differences of logits, would lose
   * digits. Probabilities stay the same.
   */
  centre(): void {
    if (Math.abs(this.logNormaliser()) > MOST_EXACT) this.#divide(1, this.maxLogit);
  }

  /** Divides every living logit by a temperature above 0; the order stays. */
  divide(temperature: number): void {
    const max = this.maxLogit;
    // Only the distances below the best logit matter, so a large common offset goes.
    this.#divide(temperature, Math.abs(max / temperature) > MOST_EXACT ? max : 0);
  }

  #divide(temperature: number, origin: number): void {
    const { ids, logits, count } = this;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      logits[id] = (logits[id]! - origin) / temperature + 0;
    }
    this.held.forget();
  }
}
