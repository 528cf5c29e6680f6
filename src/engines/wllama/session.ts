/**
 * Sequences over llama.cpp's one KV cache. The library has a single sequence that can be truncated and continued. The prefix that
 * a sequence shares with the last evaluated one is reused, and the rest is evaluated again. There is no fork and no batch.
 */
import { EngineError, type PrefillOptions, type TokenId } from '../contract.ts';
import { SingleSequenceSession, type SingleSequenceOptions } from '../single_sequence.ts';
import { logitsOf, type TokenProbability } from './logits.ts';

/** The methods of `Wllama` that we use. */
export interface Llama {
  decode(tokens: number[], options: object): Promise<unknown>;
  getLogits(topK: number): Promise<readonly TokenProbability[]>;
  kvRemove(nKeep: number, nDiscard: number): Promise<void>;
  kvClear(): Promise<void>;
}

/** Tokens of a prompt between two checks of the stop signal. */
const CHUNK = 64;

export class WllamaSession extends SingleSequenceSession {
  readonly #llama: Llama;
  /** Tokens in the KV cache. */
  #evaluated: TokenId[] = [];
  /** After a failure the content of the cache is unknown. */
  #unknown = false;

  constructor(llama: Llama, options: SingleSequenceOptions) {
    const instead = 'use a single lane, or a model on the GPU';
    super(options, { name: 'llama.cpp in WebAssembly', place: 'here', instead });
    this.#llama = llama;
  }

  protected override get held(): number {
    return this.#evaluated.length;
  }

  protected override async evaluate(
    all: readonly TokenId[],
    from: number,
    { onLogits, onProgress, signal }: PrefillOptions,
  ): Promise<{ logits: Float32Array; reused: number }> {
    let shared = 0;
    while (shared < all.length && all[shared] === this.#evaluated[shared]) shared++;
    // The last token is always evaluated, for its logits; so is each token whose logits are requested.
    const reused = Math.min(shared, onLogits ? from : all.length - 1);
    try {
      await this.#cutTo(reused);
      let logits: Float32Array | null = null;
      let done = reused;
      while (done < all.length) {
        if (signal?.aborted) throw new EngineError('aborted', 'The run was stopped.');
        // A call gives the logits of its last token only.
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
    return logitsOf(await this.#llama.getLogits(-1), this.vocabularySize);
  }
}
