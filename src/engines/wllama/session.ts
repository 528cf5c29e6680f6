/**
 * Sequences over llama.cpp's one KV cache. The library has a single sequence that can be cut back and continued, so what a
 * sequence shares with the last one evaluated is kept, and the rest evaluated again; there is no fork and no batch.
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
import { logitsOf, type TokenProbability } from './logits.ts';

/** What is used of `Wllama`. */
export interface Llama {
  decode(tokens: number[], options: object): Promise<unknown>;
  getLogits(topK: number): Promise<readonly TokenProbability[]>;
  kvRemove(nKeep: number, nDiscard: number): Promise<void>;
  kvClear(): Promise<void>;
}

export interface WllamaSessionOptions {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly kvBytesPerToken: number;
}

/** Tokens of a prompt between two looks at the stop signal. */
const CHUNK = 64;

export class WllamaSession implements Session {
  readonly #llama: Llama;
  readonly #options: WllamaSessionOptions;
  readonly #sequences = new Map<SequenceId, TokenId[]>();
  #next: SequenceId = 0;
  /** What the KV cache holds. */
  #evaluated: TokenId[] = [];
  /** After a failure nobody knows what it holds. */
  #unknown = false;

  constructor(llama: Llama, options: WllamaSessionOptions) {
    this.#llama = llama;
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
        `llama.cpp in WebAssembly takes one sequence a step, not ${entries.length}; split the step.`,
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
      'llama.cpp in WebAssembly holds one sequence and cannot fork it; use a single lane, or a model on the GPU.',
    );
  }

  release(sequence: SequenceId): void {
    this.#sequence(sequence);
    // Its KV stays until another text takes its place: the next run often begins the same way.
    this.#sequences.delete(sequence);
  }

  tokens(sequence: SequenceId): readonly TokenId[] {
    return this.#sequence(sequence);
  }

  get usage(): KvUsage {
    const { contextLength, kvBytesPerToken } = this.#options;
    return {
      pagesUsed: this.#evaluated.length,
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
        `The text would be ${length} tokens long, and this model's context here holds ${contextLength}; shorten it.`,
      );
    }
  }

  /** @param from first position whose logits `onLogits` is to have */
  async #evaluate(
    all: readonly TokenId[],
    from: number,
    { onLogits, onProgress, signal }: PrefillOptions,
  ): Promise<{ logits: Float32Array; reused: number }> {
    let shared = 0;
    while (shared < all.length && all[shared] === this.#evaluated[shared]) shared++;
    // The last token is evaluated in any case, for its logits; and each one whose logits are asked for.
    const reused = Math.min(shared, onLogits ? from : all.length - 1);
    try {
      await this.#cutTo(reused);
      let logits: Float32Array | null = null;
      let done = reused;
      while (done < all.length) {
        if (signal?.aborted) throw new EngineError('aborted', 'The run was stopped.');
        // Logits are given of the last token of a call.
        const wanted = onLogits !== undefined && done >= from;
        const end = wanted ? done + 1 : Math.min(done + CHUNK, all.length, onLogits ? from : all.length);
        const part = all.slice(done, end);
        await this.#llama.decode(part, {});
        this.#evaluated.push(...part);
        done = end;
        if (wanted || done === all.length) logits = await this.#logits();
        if (wanted) onLogits(done - 1, done === all.length ? logits!.slice() : logits!);
        onProgress?.(done, all.length);
      }
      return { logits: logits!, reused };
    } catch (error) {
      if (error instanceof EngineError) throw error;
      this.#evaluated = [];
      this.#unknown = true;
      throw new EngineError(
        'device-lost',
        `llama.cpp in WebAssembly stopped: ${error instanceof Error ? error.message : String(error)}; load the model again.`,
        { cause: error },
      );
    }
  }

  async #cutTo(length: number): Promise<void> {
    if (length === this.#evaluated.length && !this.#unknown) return;
    // Cutting to nothing is another call: the library's kvRemove refuses a length of 0.
    if (length === 0) await this.#llama.kvClear();
    else await this.#llama.kvRemove(length, -1);
    this.#evaluated.length = length;
    this.#unknown = false;
  }

  async #logits(): Promise<Float32Array> {
    return logitsOf(await this.#llama.getLogits(-1), this.#options.vocabularySize);
  }
}
