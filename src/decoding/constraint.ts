import type { TokenId } from '../engines/contract.ts';

/**
 * Says at each step which tokens may come next (a grammar, a schema). Each branch owns one; it is cloned and released together with
 * its branch. The chain's `grammar` stage applies it.
 */
export interface Constraint {
  /** Bits by token id, ⌈vocabulary/32⌉ words, valid until the next call; null allows everything. */
  allowed(): Int32Array | null | Promise<Int32Array | null>;
  /** Called for each token that joins the text. */
  accept(token: TokenId): void;
  clone(): Constraint;
  release(): void;
}
