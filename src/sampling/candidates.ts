/**
 * The (token id, logit) pairs that are still alive, and the ways in which stages remove them. One instance is made per vocabulary
 * size and used for every step, so that sampling allocates nothing; its contents are valid until the next `load`.
 */
import { Distribution } from './distribution.ts';

export { NEVER_ALIVE } from './distribution.ts';

export class Candidates extends Distribution {
  #scratch: Float64Array<ArrayBuffer> | null = null;
  #stage = 0;
  #removedMass = 0;

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
    this.sorted = Math.min(this.sorted, n);
  }

  /** Removes the `n` most likely. */
  removeTop(n: number): void {
    if (n <= 0) return;
    this.sortFirst(n);
    this.#removeRange(0, n);
    this.ids.copyWithin(0, n, this.count);
    this.count -= n;
    this.sorted -= n;
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
    this.#removed(mass, kept, Math.min(this.sorted, kept));
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
    let { taken } = this.order.walk(ids, this.count, keys, this.held.values, 0, goal, true);
    if (taken < atLeast) {
      this.order.extend(ids, this.count, keys, 0, atLeast);
      taken = Math.min(atLeast, this.count);
    }
    const lastKey = keys[ids[taken - 1]!]!;
    const stage = this.#stage;
    const weights = this.held.values;
    let removed = 0;
    for (let i = taken; i < this.count; i++) {
      const id = ids[i]!;
      fate[id] = stage;
      removed += weights[id]!;
    }
    this.#removed(removed, taken, 0);
    return lastKey;
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
    this.held.forgetTotal();
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
    this.held.forgetTotal();
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
        if (i < this.sorted) sorted++;
      } else mass += weights[id]!;
    }
    this.#removed(mass, kept, sorted);
  }

  #removed(mass: number, kept: number, sorted: number): void {
    this.sorted = sorted;
    if (kept === this.count) return;
    this.#removedMass += mass / this.total();
    this.held.forgetTotal();
    this.count = kept;
  }
}
