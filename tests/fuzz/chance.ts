import { randomBits } from '../models/counter_rng.ts';

/** The luck of one case: a function of the seed and the case's number, so that any case can be repeated alone. */
export class Chance {
  #drawn = 0;

  constructor(
    private readonly seed: number,
    private readonly index: number,
  ) {}

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** A number in [0, 1). */
  uniform(): number {
    return randomBits(this.seed, this.index, this.#drawn++) / 2 ** 32;
  }

  /** True once in `times`, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A list of `least` to `most` values. */
  several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  /** Any character: mostly from the keyboard, now and then from anywhere in Unicode, even a lone surrogate. */
  letter(): string {
    if (!this.oneIn(6)) return String.fromCharCode(32 + this.below(95));
    if (this.oneIn(4)) return String.fromCharCode(this.below(0x10000));
    return this.pick(['\n', '\t', '\0', 'é', '漢', '🙂', '\uFEFF', '\u0301', '\u2028', '▁', 'Ġ', '\u0085']);
  }
}
