/**
 * Sequences over web-llm's one KV cache, which can be continued or emptied and nothing else: a text that goes on from the
 * one evaluated last costs only what is new, and any other begins anew. No fork, no batch.
 */
import { EngineError, type PrefillOptions, type TokenId } from '../contract.ts';
import { SingleSequenceSession, type SingleSequenceOptions } from '../single_sequence.ts';

/** The model's side. Both throw EngineError. */
export interface Forward {
  /** Appends tokens, at least one. @returns logits after the last, the caller's to keep */
  append(tokens: readonly TokenId[]): Promise<Float32Array>;
  clear(): Promise<void>;
}

/** Tokens of a prompt between two looks at the stop signal; no more than the library's own prefill chunk. */
const CHUNK = 256;

export class WebLlmSession extends SingleSequenceSession {
  readonly #forward: Forward;
  /** What the KV cache holds, and the logits after it; null where that is not known. */
  #evaluated: { readonly tokens: TokenId[]; readonly logits: Float32Array | null } | null = null;

  constructor(forward: Forward, options: SingleSequenceOptions) {
    const instead = 'use a single lane, or this page’s own engine';
    super(options, { name: 'web-llm', place: 'in web-llm', instead });
    this.#forward = forward;
  }

  protected override get held(): number {
    return this.#evaluated?.tokens.length ?? 0;
  }

  protected override async evaluate(
    all: readonly TokenId[],
    from: number,
    { onLogits, onProgress, signal }: PrefillOptions,
  ): Promise<{ logits: Float32Array; reused: number }> {
    const held = this.#evaluated;
    if (held?.logits && !onLogits && isSame(held.tokens, all)) {
      return { logits: held.logits.slice(), reused: all.length };
    }
    const reused = held && isBeginning(held.tokens, all) ? held.tokens.length : 0;
    const goesOn = reused > 0 && reused < all.length && (!onLogits || reused <= from);
    // Until it has ended well, nobody knows what the cache holds.
    this.#evaluated = null;
    const tokens = goesOn ? [...held!.tokens] : [];
    if (!goesOn) await this.#forward.clear();
    let logits: Float32Array | null = null;
    while (tokens.length < all.length) {
      if (signal?.aborted) {
        this.#evaluated = { tokens, logits };
        throw new EngineError('aborted', 'The run was stopped.');
      }
      const done = tokens.length;
      // Logits are given of the last token of a call.
      const wanted = onLogits !== undefined && done >= from;
      const end = wanted ? done + 1 : Math.min(done + CHUNK, all.length, onLogits ? from : all.length);
      const part = all.slice(done, end);
      logits = await this.#forward.append(part);
      tokens.push(...part);
      if (wanted) onLogits(tokens.length - 1, logits.slice());
      onProgress?.(tokens.length, all.length);
    }
    this.#evaluated = { tokens, logits };
    return { logits: logits!.slice(), reused: goesOn ? reused : 0 };
  }
}

function isBeginning(start: readonly TokenId[], all: readonly TokenId[]): boolean {
  return start.length <= all.length && start.every((token, i) => token === all[i]);
}

function isSame(a: readonly TokenId[], b: readonly TokenId[]): boolean {
  return a.length === b.length && isBeginning(a, b);
}
