/**
 * The (token id, logit) pairs that are still alive, over the whole vocabulary, and the probabilities among them.
 * One instance is made per vocabulary size and used for every step, so that sampling allocates nothing; its contents
 * are valid until the next `load`. Logits come as f32 and are f64 from here on.
 */
import { SamplingError } from './errors.ts';
import { PartialOrder } from './ordering/partial_order.ts';
import { largest, rejectLogits, weighAll } from './weighing.ts';
import { Weights } from './weights.ts';

/** `fate` of a token whose raw logit is −∞: it never was a candidate. */
export const NEVER_ALIVE = 255;

/** Up to this size of logits, a logprob keeps ten digits after the point. */
const MOST_EXACT = 1e5;

export class Candidates {
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

  readonly #weights: Weights;
  readonly #everyId: Uint32Array<ArrayBuffer>;
  readonly #order: PartialOrder;
  #scratch: Float64Array<ArrayBuffer> | null = null;
  #sorted = 0;
  #stage = 0;
  #removedMass = 0;

  constructor(readonly vocabularySize: number) {
    this.logits = new Float64Array(vocabularySize);
    this.fate = new Uint8Array(vocabularySize);
    this.ids = new Uint32Array(vocabularySize);
    this.#weights = new Weights(vocabularySize);
    this.#everyId = Uint32Array.from({ length: vocabularySize }, (_, id) => id);
    this.#order = new PartialOrder(vocabularySize);
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
    const figures = weighAll(raw, max, logits, this.#weights.values);
    if (!(figures.total >= 1)) rejectLogits(raw, position);
    this.#weights.begin(max, figures.total);
    fate.fill(0);
    this.count = vocabularySize;
    ids.set(this.#everyId);
    if (figures.weightless > 0) this.#dropImpossible();
    this.generation++;
    this.#sorted = 0;
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

  /** Attributes the following removals to a stage. `stage` counts from 1. */
  beginStage(stage: number): void {
    this.#stage = stage;
    this.#removedMass = 0;
  }

  /** A number per token id for a stage's own use; `keepByKey` and the next `load` may overwrite it. */
  get scratch(): Float64Array<ArrayBuffer> {
    return (this.#scratch ??= new Float64Array(this.vocabularySize));
  }

  /** Share of the distribution at the stage's entry that it has removed. */
  get removedMass(): number {
    return Math.min(1, this.#removedMass);
  }

  /** The largest living logit; −∞ when none lives. */
  get maxLogit(): number {
    const { ids, logits, count } = this;
    if (this.#sorted > 0) return logits[ids[0]!]!;
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
    return total === 0 ? -Infinity : this.#weights.shift + Math.log(total);
  }

  /** Entropy of the living, renormalised, in nats; 0·ln 0 is 0. */
  entropy(): number {
    return this.#weights.entropy(this);
  }

  probability(id: number): number {
    const total = this.total();
    return this.fate[id] === 0 ? this.#weights.values[id]! / total : 0;
  }

  /** Weights by token id, proportional to the probability among the living; valid until logits change. */
  weights(): Float64Array {
    this.total();
    return this.#weights.values;
  }

  /** Σ of `weights()` over the living. */
  total(): number {
    return this.#weights.total(this);
  }

  /** Puts at least the first `wanted` living ids in order, so that they can be read from `ids`. */
  sortFirst(wanted: number): void {
    if (wanted > this.#sorted) {
      this.#sorted = this.#order.extend(this.ids, this.count, this.logits, this.#sorted, wanted);
    }
  }

  /** Keeps the first `n` in order; all when there are fewer. */
  keepTop(n: number): void {
    this.sortFirst(n);
    this.keepFront(n);
  }

  /** Keeps ids[0 … n). The caller has brought the first `n` to the front, by `sortFirst` or `reach`. */
  keepFront(n: number): void {
    if (n >= this.count) return;
    if (this.count === this.vocabularySize) this.#removeAllBut(n);
    else this.#removeRange(n, this.count);
    this.count = n;
    this.#sorted = Math.min(this.#sorted, n);
  }

  /** Removes the `n` most likely. */
  removeTop(n: number): void {
    if (n <= 0) return;
    this.sortFirst(n);
    this.#removeRange(0, n);
    this.ids.copyWithin(0, n, this.count);
    this.count -= n;
    this.#sorted -= n;
  }

  /** Keeps logits ≥ bound, and in any case the first `atLeast` in order. */
  keepLogits(bound: number, atLeast: number): void {
    const { ids, logits, fate, count } = this;
    let passing = 0;
    for (let i = 0; i < count; i++) if (logits[ids[i]!]! >= bound) passing++;
    if (passing < atLeast) {
      this.keepTop(atLeast);
      return;
    }
    const stage = this.#stage;
    const weights = this.weights();
    let kept = 0;
    let mass = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      if (logits[id]! >= bound) ids[kept++] = id;
      else {
        fate[id] = stage;
        mass += weights[id]!;
      }
    }
    // The sorted tokens that passed are still in front and in order: a token behind a rejected one is rejected too.
    this.#removed(mass, kept, Math.min(this.#sorted, kept));
  }

  /** Keeps the ids whose bit is set in a mask of ⌈vocabulary/32⌉ words. */
  keepAllowed(mask: Int32Array): void {
    const { ids, fate } = this;
    const stage = this.#stage;
    for (let i = 0; i < this.count; i++) {
      const id = ids[i]!;
      if (((mask[id >>> 5]! >>> (id & 31)) & 1) === 0) fate[id] = stage;
    }
    this.#compact();
  }

  /** Bans tokens by id, whatever their logit. */
  ban(tokens: Iterable<number>): void {
    for (const token of tokens) if (this.fate[token] === 0) this.fate[token] = this.#stage;
    this.#compact();
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
    const walk = this.#order.walk(ids, count, logits, this.#weights.values, this.#sorted, goal, strict);
    this.#sorted = walk.sorted;
    return walk.taken;
  }

  /**
   * Keeps the living in the order of another key (descending, ties by id) until their mass exceeds `share`.
   * @param keyOf key of a token with this surprisal, in nats
   * @returns the key of the last one kept
   */
  keepByKey(keyOf: (surprisal: number) => number, share: number, atLeast: number): number {
    const { ids, logits, fate } = this;
    const keys = this.scratch;
    const goal = share * this.total();
    const logNormaliser = this.logNormaliser();
    for (let i = 0; i < this.count; i++) {
      const id = ids[i]!;
      // A probability that underflows has an infinite surprisal and the last place.
      keys[id] = Math.max(-Number.MAX_VALUE, keyOf(logNormaliser - logits[id]!));
    }
    let { taken } = this.#order.walk(ids, this.count, keys, this.#weights.values, 0, goal, true);
    if (taken < atLeast) {
      this.#order.extend(ids, this.count, keys, 0, atLeast);
      taken = Math.min(atLeast, this.count);
    }
    const lastKey = keys[ids[taken - 1]!]!;
    const stage = this.#stage;
    const weights = this.#weights.values;
    let removed = 0;
    for (let i = taken; i < this.count; i++) {
      const id = ids[i]!;
      fate[id] = stage;
      removed += weights[id]!;
    }
    this.#removed(removed, taken, 0);
    return lastKey;
  }

  /** Changes one living token's logit; `endChanges` must follow the last change. */
  setLogit(id: number, logit: number): void {
    this.logits[id] = logit + 0;
    this.#weights.change(id, logit);
  }

  endChanges(): void {
    this.#sorted = 0;
    this.#weights.forgetTotal();
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
    this.#weights.forget();
  }

  /** `#removeRange(n, count)` for when every token lives: one fill of the memory in place of a visit to each token. */
  #removeAllBut(n: number): void {
    const { ids, fate } = this;
    const total = this.total();
    const weights = this.weights();
    fate.fill(this.#stage);
    let kept = 0;
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      fate[id] = 0;
      kept += weights[id]!;
    }
    this.#removedMass += Math.max(0, 1 - kept / total);
    this.#weights.forgetTotal();
  }

  #removeRange(from: number, to: number): void {
    const { ids, fate } = this;
    const total = this.total();
    const stage = this.#stage;
    const weights = this.weights();
    let mass = 0;
    for (let i = from; i < to; i++) {
      const id = ids[i]!;
      fate[id] = stage;
      mass += weights[id]!;
    }
    this.#removedMass += mass / total;
    this.#weights.forgetTotal();
  }

  /** Takes the tokens whose fate is no longer 0 out of the living; the order stays. */
  #compact(): void {
    const { ids, fate } = this;
    const weights = this.weights();
    let kept = 0;
    let sorted = 0;
    let mass = 0;
    for (let i = 0; i < this.count; i++) {
      const id = ids[i]!;
      if (fate[id] === 0) {
        ids[kept++] = id;
        if (i < this.#sorted) sorted++;
      } else mass += weights[id]!;
    }
    this.#removed(mass, kept, sorted);
  }

  #removed(mass: number, kept: number, sorted: number): void {
    this.#sorted = sorted;
    if (kept === this.count) return;
    this.#removedMass += mass / this.total();
    this.#weights.forgetTotal();
    this.count = kept;
  }
}
