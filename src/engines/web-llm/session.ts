/**
 * Sequences over web-llm's one KV cache. The library can only continue or empty it. A text that continues the one evaluated last
 * costs only its new tokens; any other text is evaluated from its beginning. There is no fork and no batch.
 */
import { EngineError, type PrefillOptions, type TokenId } from '../contract.ts';
import { SingleSequenceSession, type SingleSequenceOptions } from '../single_sequence.ts';

/** The model. Both methods throw EngineError. */
export interface Forward {
  /** Appends tokens, at least one. @returns logits after the last token; the caller may keep them */
  append(tokens: readonly TokenId[]): Promise<Float32Array>;
  clear(): Promise<void>;
}

/** Tokens of a prompt between two checks of the stop signal; no more than the library's own prefill chunk. */
const CHUNK = 256;

export class WebLlmSession extends SingleSequenceSession {
  readonly #forward: Forward;
  /** The content of the KV cache, and the logits after it; null if that is unknown. */
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
    // Until the evaluation succeeds, the content of the cache is unknown.
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
      // A call gives the logits of its last token only.
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
