/**
 * Logits of past steps, by the tokens that led to them, so that other parameters can be tried on them without the model. They are
 * kept unchanged in f32, so a draw repeated from them is the same draw. If they exceed the budget, the least recently used ones are
 * dropped, and computed again on request.
 */
import { EngineError, type Session, type TokenId } from '../engines/contract.ts';
import { TokenTree, type NodeId } from './token_tree.ts';

/** Raw logits step by step, [steps][vocabulary]: all in memory, or computed during the iteration. */
export type LogitRows = Iterable<Float32Array> | AsyncIterable<Float32Array>;

/** 440 steps at 151,936 tokens, 16,000 at 4,096. */
export const DEFAULT_LOGIT_BUDGET = 256 * 1024 * 1024;

export class LogitMemory {
  readonly #tree = new TokenTree();
  /** In order of last use, the least recently used first. */
  readonly #rows = new Map<NodeId, Float32Array>();
  #bytes = 0;

  /** @param budget bytes of logits; at least one row is always kept */
  constructor(readonly budget: number = DEFAULT_LOGIT_BUDGET) {}

  get bytes(): number {
    return this.#bytes;
  }

  get rows(): number {
    return this.#rows.size;
  }

  /** Keeps the logits that follow `tokens`. The memory takes over the array. */
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

  /** Logits after `tokens`, or null if they were never stored or were dropped. */
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
   * As `along`, but computes missing rows again, in windows: for a text longer than the budget, it holds no more than one window
   * beside the kept rows. Kept rows of this text stay, so that the next walk computes only the rest.
   * - `prefill`: prefills the tokens from the first missing row on. It is fast, but may group its sums differently from single
   *   steps, so the last bits can differ from the logits that were drawn from.
   * - `replay`: prefills the first `from + 1` tokens and then steps through the others, as the run did: the same bits, at the run's
   *   own pace.
   */
  async *walk(
    session: Session,
    tokens: readonly TokenId[],
    from: number,
    how: 'prefill' | 'replay',
    signal?: AbortSignal,
  ): AsyncGenerator<Float32Array, void, undefined> {
    const rows = this.along(tokens, from);
    const missing = rows.indexOf(null);
    if (missing < 0) {
      yield* rows as Float32Array[];
      return;
    }
    const last = rows.lastIndexOf(null);
    const path = this.#path(tokens).slice(from);
    const own = new Set(path);
    const settle = (index: number, computed: Float32Array): Float32Array => {
      const known = rows[index] ?? null;
      if (known === null) this.#keepBeside(own, path[index]!, computed);
      return known ?? computed;
    };
    const stop = signal ? { signal } : {};
    // The tokens before the first missing row may still be in the KV cache.
    const begun = how === 'prefill' ? missing : 0;
    const { sequence, logits } = await session.prefill(tokens.slice(0, from + begun + 1), stop);
    try {
      yield* rows.slice(0, begun) as Float32Array[];
      yield settle(begun, logits);
      const size = how === 'replay' ? 1 : Math.max(1, Math.floor(this.budget / 4 / logits.byteLength));
      for (let index = begun + 1; index <= last;) {
        if (signal?.aborted) throw new EngineError('aborted', 'It was stopped before its end.');
        const next = tokens.slice(from + index, from + Math.min(index + size, last + 1));
        const window: Float32Array[] = [];
        if (how === 'replay') window.push((await session.step([{ sequence, token: next[0]! }]))[0]!);
        else await session.prefill(next, { sequence, onLogits: (_, row) => window.push(row), ...stop });
        for (const row of window) yield settle(index++, row);
      }
      yield* rows.slice(last + 1) as Float32Array[];
    } finally {
      session.release(sequence);
    }
  }

  clear(): void {
    this.#rows.clear();
    this.#bytes = 0;
  }

  /** The node after each token. */
  #path(tokens: readonly TokenId[]): NodeId[] {
    let node = this.#tree.root;
    return tokens.map((token) => (node = this.#tree.extend(node, token)));
  }

  /** Keeps a row if that drops no other row of `own`. */
  #keepBeside(own: ReadonlySet<NodeId>, node: NodeId, logits: Float32Array): void {
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes + logits.byteLength <= this.budget) break;
      if (own.has(oldest)) return;
      this.#forget(oldest);
    }
    this.putAt(node, logits);
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
