/**
 * Sequences over web-llm's one KV cache, which can be continued or emptied and nothing else: a text that goes on from the
 * one evaluated last costs only what is new, and any other begins anew. No fork, no batch.
 */
import {
  EngineError,
  type KvUsage,
  type PrefillOptions,
  type PrefillResult,
  type SequenceId,
  type Session,
  type StepEntry,
  type TokenId,
} from '../contract.ts';

/** The model's side. Both throw EngineError. */
export interface Forward {
  /** Appends tokens, at least one. @returns logits after the last, the caller's to keep */
  append(tokens: readonly TokenId[]): Promise<Float32Array>;
  clear(): Promise<void>;
}

export interface WebLlmSessionOptions {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly kvBytesPerToken: number;
}

/** Tokens of a prompt between two looks at the stop signal; no more than the library's own prefill chunk. */
const CHUNK = 256;

export class WebLlmSession implements Session {
  readonly #forward: Forward;
  readonly #options: WebLlmSessionOptions;
  readonly #sequences = new Map<SequenceId, TokenId[]>();
  #next: SequenceId = 0;
  /** What the KV cache holds, and the logits after it; null where that is not known. */
  #evaluated: { readonly tokens: TokenId[]; readonly logits: Float32Array | null } | null = null;

  constructor(forward: Forward, options: WebLlmSessionOptions) {
    this.#forward = forward;
    this.#options = options;
  }

  async prefill(tokens: readonly TokenId[], options: PrefillOptions = {}): Promise<PrefillResult> {
    if (tokens.length === 0) {
      throw new EngineError('empty-prompt', 'The prompt is empty; write something to continue from.');
    }
    const before = options.sequence === undefined ? [] : this.#sequence(options.sequence);
    const all = [...before, ...tokens];
    this.#check(tokens, all.length);
    const { logits, reused } = await this.#evaluate(all, before.length, options);
    const sequence = options.sequence ?? this.#next++;
    this.#sequences.set(sequence, all);
    return { sequence, logits, reused };
  }

  async step(entries: readonly StepEntry[]): Promise<Float32Array[]> {
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      throw new EngineError(
        'not-supported',
        `web-llm takes one sequence a step, not ${entries.length}; split the step.`,
      );
    }
    const all = [...this.#sequence(entry.sequence), entry.token];
    this.#check([entry.token], all.length);
    const { logits } = await this.#evaluate(all, all.length - 1, {});
    this.#sequences.set(entry.sequence, all);
    return [logits];
  }

  fork(): SequenceId {
    throw new EngineError(
      'not-supported',
      'web-llm holds one sequence and cannot fork it; use a single lane, or this page’s own engine.',
    );
  }

  release(sequence: SequenceId): void {
    this.#sequence(sequence);
    this.#sequences.delete(sequence);
  }

  tokens(sequence: SequenceId): readonly TokenId[] {
    return this.#sequence(sequence);
  }

  get usage(): KvUsage {
    const { contextLength, kvBytesPerToken } = this.#options;
    return {
      pagesUsed: this.#evaluated?.tokens.length ?? 0,
      pagesTotal: contextLength,
      pageTokens: 1,
      bytesPerPage: kvBytesPerToken,
    };
  }

  #sequence(id: SequenceId): TokenId[] {
    const found = this.#sequences.get(id);
    if (found) return found;
    throw new EngineError('bad-sequence', `There is no sequence ${id}; it was released or never opened.`);
  }

  #check(tokens: readonly TokenId[], length: number): void {
    const { vocabularySize, contextLength } = this.#options;
    const bad = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
    if (bad !== undefined) {
      throw new EngineError(
        'bad-token',
        `Token ${bad} is not in this model's vocabulary of ${vocabularySize}; choose one that is.`,
      );
    }
    if (length > contextLength) {
      throw new EngineError(
        'context-full',
        `The text would be ${length} tokens long, and this model's context in web-llm holds ${contextLength}; shorten it.`,
      );
    }
  }

  /** @param from first position whose logits `onLogits` is to have */
  async #evaluate(
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
