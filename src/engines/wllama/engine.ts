/**
 * llama.cpp on the CPU, in WebAssembly (@wllama/wllama): for browsers without WebGPU, and for comparison with our own engine. The
 * library is in the chunk that `load` imports, its WebAssembly in a file that we build ourselves; neither is fetched before that.
 */
import {
  type Capabilities,
  type Engine,
  type EngineDescription,
  EngineError,
  type LoadOptions,
  type ModelInfo,
  type Tokenizer,
} from '../contract.ts';
import { numericsId } from '../numerics.ts';
import { loadLlama, type LoadedLlama } from './load.ts';
import { WllamaSession } from './session.ts';

export interface WllamaOptions extends Partial<LoadOptions> {
  /** The whole GGUF file. */
  readonly file: Blob;
  /** The file's description; its `contextLength` is the context to allocate. */
  readonly model: ModelInfo;
  readonly tokenizer: Tokenizer;
}

/** Maximum size of a file that 32-bit WebAssembly can map. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

export class WllamaEngine implements Engine {
  readonly kind = 'wllama';
  readonly capabilities: Capabilities;
  readonly model: ModelInfo;
  readonly tokenizer: Tokenizer;
  readonly session: WllamaSession;
  readonly #llama: LoadedLlama;

  private constructor(llama: LoadedLlama, { model, tokenizer }: WllamaOptions) {
    this.#llama = llama;
    this.model = model;
    this.tokenizer = tokenizer;
    this.session = new WllamaSession(llama.library, model);
    this.capabilities = {
      logits: 'full',
      maxLogprobs: model.vocabularySize,
      fork: false,
      promptLogprobs: true,
      summaryTop: 0,
      maxBatch: 1,
      tokenizer: true,
    };
  }

  /** @throws EngineError `bad-file`, `out-of-memory`, `not-supported`, `aborted` */
  static async load(options: WllamaOptions): Promise<WllamaEngine> {
    const { file, model, signal, onProgress } = options;
    if (file.size > MAX_FILE_BYTES) {
      throw new EngineError(
        'out-of-memory',
        `${model.name} is a file of ${file.size} bytes, and llama.cpp in WebAssembly holds at most ${MAX_FILE_BYTES}; choose a smaller one.`,
      );
    }
    const stage = (loadedBytes: number): void =>
      onProgress?.({ stage: 'weights', loadedBytes, totalBytes: file.size });
    stage(0);
    const llama = await loadLlama(file, model);
    if (signal?.aborted) {
      void llama.library.exit();
      throw new EngineError('aborted', `Loading ${model.name} was stopped.`);
    }
    if (llama.vocabularySize !== model.vocabularySize) {
      void llama.library.exit();
      throw new EngineError(
        'unsupported-tokenizer',
        `llama.cpp reads ${llama.vocabularySize} tokens from ${model.name} and this page ${model.vocabularySize}; choose another file.`,
      );
    }
    onProgress?.({ stage: 'ready', loadedBytes: file.size, totalBytes: file.size });
    return new WllamaEngine(llama, options);
  }

  describe(): EngineDescription {
    const { version, threads, kvType } = this.#llama;
    return {
      adapter: `CPU, llama.cpp ${version} in WebAssembly`,
      software: false,
      features: ['SIMD', threads === 1 ? '1 thread' : `${threads} threads`, 'logits up to a constant'],
      numerics: numericsId('llama.cpp-wasm', { build: version, threads, kv: kvType }),
    };
  }

  dispose(): void {
    void this.#llama.library.exit();
  }
}
