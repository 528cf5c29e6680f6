/**
 * Logits of past steps, by the tokens that led to them, so that other parameters can be tried on them without the
 * model. They are kept as they came, in f32: a draw repeated from them is the same draw. What exceeds the budget is
 * forgotten, longest unused first, and computed again when it is asked for.
 */
import type { Session, TokenId } from '../engines/contract.ts';
import { TokenTree, type NodeId } from './token_tree.ts';

/** 440 steps at 151,936 tokens, 16,000 at 4,096. */
export const DEFAULT_LOGIT_BUDGET = 256 * 1024 * 1024;

export class LogitMemory {
  readonly #tree = new TokenTree();
  /** In order of last use, the longest unused first. */
  readonly #rows = new Map<NodeId, Float32Array>();
  #bytes = 0;

  /** @param budget bytes of logits, at least one row is always kept */
  constructor(readonly budget: number = DEFAULT_LOGIT_BUDGET) {}

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows.size;
  }

  /** Keeps the logits that follow `tokens`; the array is the memory's from now on. */
  put(tokens: readonly TokenId[], logits: Float32Array): void {
    this.putAt(this.#tree.insert(tokens), logits);
  }

  /** The node of a sequence, for `extend` and `putAt` from step to step. */
  node(tokens: readonly TokenId[]): NodeId {
    return this.#tree.insert(tokens);
  }

  extend(node: NodeId, token: TokenId): NodeId {
    return this.#tree.extend(node, token);
  }

  putAt(node: NodeId, logits: Float32Array): void {
    this.#forget(node);
    this.#rows.set(node, logits);
    this.#bytes += logits.byteLength;
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= this.budget || oldest === node) break;
      this.#forget(oldest);
    }
  }

  /** Logits after `tokens`, or null when they were never had or are forgotten. */
  get(tokens: readonly TokenId[]): Float32Array | null {
    const nodes = this.#tree.walk(tokens);
    return nodes.length === tokens.length && nodes.length > 0 ? this.#use(nodes.at(-1)!) : null;
  }

  /** For each i ≥ `from`: the logits after the first i + 1 tokens, or null. */
  along(tokens: readonly TokenId[], from = 0): (Float32Array | null)[] {
    const nodes = this.#tree.walk(tokens);
    return tokens.slice(from).map((_, i) => {
      const node = nodes[from + i];
      return node === undefined ? null : this.#use(node);
    });
  }

  /**
   * As `along`, with what is missing computed anew. The array holds every row, whatever the budget keeps of them.
   * - `prefill`: one pass over the tokens from the first missing row on. Fast; its sums may be grouped otherwise than those of
   *   single steps, so the last bits can differ from what was drawn from.
   * - `replay`: a prefill of the first `from + 1` tokens and a step for each other one, as the run had gone: the same
   *   bits, at the run's own pace.
   */
  async obtain(
    session: Session,
    tokens: readonly TokenId[],
    from: number,
    how: 'prefill' | 'replay',
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    const rows = this.along(tokens, from);
    const missing = rows.findIndex((row) => row === null);
    if (missing < 0) return rows as Float32Array[];
    const node = (length: number): NodeId => this.node(tokens.slice(0, length));
    const keep = (index: number, logits: Float32Array): void => {
      if (rows[index] !== null) return;
      rows[index] = logits;
      this.putAt(node(from + index + 1), logits);
    };
    const stop = signal ? { signal } : {};
    // What comes before the first missing row may still be in the KV cache.
    const begun = how === 'prefill' ? missing : 0;
    const { sequence, logits } = await session.prefill(tokens.slice(0, from + begun + 1), stop);
    try {
      keep(begun, logits);
      const rest = tokens.slice(from + begun + 1, from + rows.lastIndexOf(null) + 1);
      if (how === 'prefill' && rest.length > 0) {
        const onLogits = (position: number, row: Float32Array): void => keep(position - from, row);
        await session.prefill(rest, { sequence, onLogits, ...stop });
      }
      for (let i = 1; how === 'replay' && i < rows.length; i++) {
        signal?.throwIfAborted();
        const [next] = await session.step([{ sequence, token: tokens[from + i]! }]);
        keep(i, next!);
      }
    } finally {
      session.release(sequence);
    }
    return rows as Float32Array[];
  }

  clear(): void {
    this.#rows.clear();
    this.#bytes = 0;
  }

  #use(node: NodeId): Float32Array | null {
    const row = this.#rows.get(node);
    if (row === undefined) return null;
    this.#rows.delete(node);
    this.#rows.set(node, row);
    return row;
  }

  #forget(node: NodeId): void {
    const row = this.#rows.get(node);
    if (row === undefined) return;
    this.#rows.delete(node);
    this.#bytes -= row.byteLength;
  }
}
