import { EngineError, type TokenId } from '../contract.ts';

/**
 * The merges of a byte-pair vocabulary: (left, right) → rank and joined token. It is an open-addressed hash table in typed
 * arrays: Llama 3 has 280 k merges, which take 5 MB here and 40 MB in a Map with string keys.
 */
export class MergeTable {
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #joined: Int32Array;
  /** Rank + 1 per slot; 0 is empty. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Random per table, so that no file can choose merges that all hash to one slot. Ranks do not depend on them. */
  readonly #seeds = crypto.getRandomValues(new Int32Array(2));

  /**
   * @param merges `left right` each, the best first
   * @throws EngineError `bad-file` if a part of a merge is not a token
   */
  constructor(merges: readonly string[], idOf: ReadonlyMap<string, TokenId>) {
    const capacity = 2 ** Math.ceil(Math.log2(2 * merges.length + 2));
    this.#mask = capacity - 1;
    this.#slots = new Int32Array(capacity);
    this.#left = new Int32Array(merges.length);
    this.#right = new Int32Array(merges.length);
    this.#joined = new Int32Array(merges.length);
    merges.forEach((merge, rank) => {
      // The first letter may itself be a space in hand-made vocabularies.
      const space = merge.indexOf(' ', 1);
      const left = idOf.get(merge.slice(0, space));
      const right = idOf.get(merge.slice(space + 1));
      const joined = idOf.get(merge.slice(0, space) + merge.slice(space + 1));
      if (space < 0 || left === undefined || right === undefined || joined === undefined) {
        throw new EngineError(
          'bad-file',
          `Merge ${rank} of the vocabulary is ${JSON.stringify(merge.slice(0, 80))}, whose parts are not all tokens; the file is damaged, so please download it again.`,
        );
      }
      this.#left[rank] = left;
      this.#right[rank] = right;
      this.#joined[rank] = joined;
      const slot = this.#find(left, right);
      // The first of two equal merges has the better rank.
      if (this.#slots[slot] === 0) this.#slots[slot] = rank + 1;
    });
  }

  /** @returns the rank of the merge, or −1 if the two do not merge */
  rank(left: TokenId, right: TokenId): number {
    return this.#slots[this.#find(left, right)]! - 1;
  }

  joined(rank: number): TokenId {
    return this.#joined[rank]!;
  }

  /** The slot of the pair, or the empty slot where it would be. */
  #find(left: TokenId, right: TokenId): number {
    let slot = mixed(mixed(left ^ this.#seeds[0]!) ^ right ^ this.#seeds[1]!) & this.#mask;
    for (;;) {
      const rank = this.#slots[slot]! - 1;
      if (rank < 0 || (this.#left[rank] === left && this.#right[rank] === right)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }
}

/** The finaliser of MurmurHash3 (Appleby, public domain): each input bit affects every output bit. */
function mixed(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
