/**
 * The (token id, logit) pairs that are still alive, over the whole vocabulary, and the probabilities among them.
 * One instance is made per vocabulary size and used for every step, so that sampling allocates nothing; its contents
 * are valid until the next `load`. Logits come as f32 and are f64 from here on.
 */
import { SamplingError } from './errors.ts';
import { exp } from './exp.ts';
import { PartialOrder } from './order.ts';

/** `fate` of a token whose raw logit is −∞: it never was a candidate. */
export const NEVER_ALIVE = 255;

export class Candidates {
  /** By token id: the logit now for the living, when it was removed for the others. */
  readonly logits: Float64Array<ArrayBuffer>;
  /** By token id: 0 alive, s removed by the s-th stage, `NEVER_ALIVE`. */
  readonly fate: Uint8Array<ArrayBuffer>;
  /** The living are ids[0 … count); the first `sorted` of them are in order (logit descending, ties by id). */
  readonly ids: Uint32Array<ArrayBuffer>;
  count = 0;
  /** Counts `load`s, so that whoever comes back later can tell whether this is still its step. */
  generation = 0;

  /** Raw figures, set by `load`. */
  rawLogNormaliser = 0;
  rawEntropy = 0;

  readonly #weights: Float64Array<ArrayBuffer>;
  readonly #everyId: Uint32Array<ArrayBuffer>;
  readonly #order: PartialOrder;
  #scratch: Float64Array<ArrayBuffer> | null = null;
  #sorted = 0;
  /** weights[id] = exp(logits[id] − shift) for the living, while `#weighed`. */
  #shift = 0;
  #weighed = false;
  #total = 0;
  #summed = false;
  #stage = 0;
  #removedMass = 0;

  constructor(readonly vocabularySize: number) {
    this.logits = new Float64Array(vocabularySize);
    this.fate = new Uint8Array(vocabularySize);
    this.ids = new Uint32Array(vocabularySize);
    this.#weights = new Float64Array(vocabularySize);
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
    const figures = weighAll(raw, max, logits, this.#weights);
    if (!(figures.total >= 1)) rejectLogits(raw, position);
    fate.fill(0);
    this.count = vocabularySize;
    ids.set(this.#everyId);
    if (figures.weightless > 0) this.#dropImpossible();
    this.generation++;
    this.#sorted = 0;
    this.#shift = max;
    this.#weighed = true;
    this.#total = figures.total;
    this.#summed = true;
    this.rawLogNormaliser = this.logNormaliser();
    this.rawEntropy = Math.max(0, Math.log(figures.total) - figures.weighted / figures.total);
  }

  /** Tokens whose raw logit is −∞ never were candidates. */
  #dropImpossible(): void {
    const { logits, fate, ids, vocabularySize } = this;
    let count = 0;
    for (let id = 0; id < vocabularySize; id++) {
      if (logits[id]! > -Infinity) ids[count++] = id;
      else fate[id] = NEVER_ALIVE;
    }
    this.count = count;
  }

  /** Tells whose doing the following removals are. `stage` counts from 1. */
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
    return this.total() === 0 ? -Infinity : this.#shift + Math.log(this.#total);
  }

  /** Entropy of the living, renormalised, in nats; 0·ln 0 is 0. */
  entropy(): number {
    const { logits, ids, count } = this;
    const total = this.total();
    const weights = this.#weights;
    const shift = this.#shift;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      const weight = weights[id]!;
      if (weight > 0) sum += weight * (logits[id]! - shift);
    }
    return Math.max(0, Math.log(total) - sum / total);
  }

  probability(id: number): number {
    const total = this.total();
    return this.fate[id] === 0 ? this.#weights[id]! / total : 0;
  }

  /** Weights by token id, proportional to the probability among the living; valid until logits change. */
  weights(): Float64Array {
    this.total();
    return this.#weights;
  }

  /** Σ of `weights()` over the living. */
  total(): number {
    if (!this.#weighed) this.#weigh(this.maxLogit);
    if (this.#summed) return this.#total;
    this.#sum();
    // Changed logits may have moved far from the shift: weigh anew before digits are lost.
    if (!(this.#total > 1e-9 && this.#total < 1e18)) this.#weigh(this.maxLogit);
    return this.#total;
  }

  /** Puts at least the first `wanted` living ids in order, so that they can be read from `ids`. */
  sortFirst(wanted: number): void {
    if (wanted > this.#sorted) {
      this.#sorted = this.#order.extend(this.ids, this.count, this.logits, this.#sorted, wanted);
    }
  }

  /** Keeps the first `n` in order; all when there are fewer. */
  keepTop(n: number): void {
    if (n >= this.count) return;
    this.sortFirst(n);
    if (this.count === this.vocabularySize) this.#removeAllBut(n);
    else this.#removeRange(n, this.count);
    this.count = n;
    this.#sorted = n;
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
    // What was in order and passed is still in front: whatever lies behind a rejected one is rejected too.
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
   * Orders the living by another key (descending, ties by id), takes from the front as long as `take` says so, and
   * keeps what was taken.
   * @param keyOf key of a token with this surprisal, in nats
   * @param take given the mass taken so far and their number, whether to take one more
   * @returns the key of the last one taken
   */
  keepByKey(keyOf: (surprisal: number) => number, take: (mass: number, taken: number) => boolean): number {
    const { ids, logits, fate } = this;
    const keys = this.scratch;
    const weights = this.weights();
    const total = this.#total;
    const logNormaliser = this.logNormaliser();
    for (let i = 0; i < this.count; i++) {
      const id = ids[i]!;
      // A probability that underflows has an infinite surprisal and the last place.
      keys[id] = Math.max(-Number.MAX_VALUE, keyOf(logNormaliser - logits[id]!));
    }
    this.#sorted = 0;
    let ordered = 0;
    let taken = 0;
    let mass = 0;
    while (taken < this.count && take(mass / total, taken)) {
      if (taken >= ordered) {
        ordered = this.#order.extend(ids, this.count, keys, ordered, Math.max(64, 8 * ordered));
      }
      mass += weights[ids[taken]!]!;
      taken++;
    }
    const lastKey = taken > 0 ? keys[ids[taken - 1]!]! : Infinity;
    const stage = this.#stage;
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
    if (!this.#weighed) return;
    const difference = logit - this.#shift;
    if (difference > 32) this.#weighed = false;
    else this.#weights[id] = exp(difference);
  }

  endChanges(): void {
    this.#sorted = 0;
    this.#summed = false;
  }

  /** Divides every living logit by a temperature above 0; the order stays. */
  divide(temperature: number): void {
    const { ids, logits, count } = this;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      logits[id] = logits[id]! / temperature + 0;
    }
    this.#weighed = false;
    this.#summed = false;
  }

  /** `#removeRange(n, count)` while every token lives: one sweep of the memory in place of a visit to each. */
  #removeAllBut(n: number): void {
    const { ids, fate } = this;
    const weights = this.weights();
    fate.fill(this.#stage);
    let kept = 0;
    for (let i = 0; i < n; i++) {
      const id = ids[i]!;
      fate[id] = 0;
      kept += weights[id]!;
    }
    this.#removedMass += Math.max(0, 1 - kept / this.#total);
    this.#summed = false;
  }

  #removeRange(from: number, to: number): void {
    const { ids, fate } = this;
    const stage = this.#stage;
    const weights = this.weights();
    let mass = 0;
    for (let i = from; i < to; i++) {
      const id = ids[i]!;
      fate[id] = stage;
      mass += weights[id]!;
    }
    this.#removedMass += mass / this.#total;
    this.#summed = false;
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
    this.#removedMass += mass / this.#total;
    this.#summed = false;
    this.count = kept;
  }

  #weigh(shift: number): void {
    this.#total = weighSome(this.ids, this.count, this.logits, shift, this.#weights);
    this.#shift = shift;
    this.#weighed = true;
    this.#summed = true;
  }

  #sum(): void {
    const { ids, count } = this;
    const weights = this.#weights;
    let total = 0;
    for (let i = 0; i < count; i++) total += weights[ids[i]!]!;
    this.#total = total;
    this.#summed = true;
  }
}

// The loops over the vocabulary are functions of their own: small ones are compiled whole, with what follows the loop.

/**
 * One sweep over raw logits: copies them to f64 and weighs each against the largest.
 * @returns Σ weight, Σ weight · (logit − max), and how many tokens weigh nothing
 */
function weighAll(
  raw: Float32Array,
  max: number,
  logits: Float64Array,
  weights: Float64Array,
): { total: number; weighted: number; weightless: number } {
  const weigh = exp;
  let total = 0;
  let weighted = 0;
  let weightless = 0;
  for (let id = 0; id < raw.length; id++) {
    // Adding 0 makes −0 and 0 one.
    const logit = raw[id]! + 0;
    const difference = logit - max;
    const weight = weigh(difference);
    logits[id] = logit;
    weights[id] = weight;
    total += weight;
    if (weight > 0) weighted += weight * difference;
    else weightless++;
  }
  return { total, weighted, weightless };
}

/** @returns Σ weight of the ids given */
function weighSome(
  ids: Uint32Array,
  count: number,
  logits: Float64Array,
  shift: number,
  weights: Float64Array,
): number {
  const weigh = exp;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const id = ids[i]!;
    const weight = weigh(logits[id]! - shift);
    weights[id] = weight;
    total += weight;
  }
  return total;
}

/** The largest of the logits, in four strands so that no comparison waits for the one before; NaN is passed over. */
function largest(raw: Float32Array): number {
  let a = -Infinity;
  let b = a;
  let c = a;
  let d = a;
  const even = raw.length & ~3;
  for (let i = 0; i < even; i += 4) {
    if (raw[i]! > a) a = raw[i]!;
    if (raw[i + 1]! > b) b = raw[i + 1]!;
    if (raw[i + 2]! > c) c = raw[i + 2]!;
    if (raw[i + 3]! > d) d = raw[i + 3]!;
  }
  for (let i = even; i < raw.length; i++) if (raw[i]! > a) a = raw[i]!;
  return Math.max(a, b, c, d);
}

/** @throws SamplingError saying what is wrong with logits whose exponentials have no sum */
function rejectLogits(raw: Float32Array, position: number): never {
  const id = raw.findIndex((logit) => Number.isNaN(logit) || logit === Infinity);
  if (id < 0) {
    throw new SamplingError(
      'no-candidates',
      `Every logit at position ${position} is −∞, so no token can be drawn; reload the model.`,
    );
  }
  const value = Number.isNaN(raw[id]) ? 'NaN' : '+∞';
  throw new SamplingError(
    'bad-logit',
    `The logit of token ${id} at position ${position} is ${value}, so nothing can be drawn; reload the model, or choose another one.`,
  );
}
