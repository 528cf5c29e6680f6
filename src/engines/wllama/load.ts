import { LoggerWithoutDebug, Wllama } from '@wllama/wllama/esm/index.js';
import multiThread from '@wllama/wllama/esm/multi-thread/wllama.wasm?url';
import singleThread from '@wllama/wllama/esm/single-thread/wllama.wasm?url';
import { EngineError, type ModelInfo } from '../contract.ts';

export interface LoadedLlama {
  readonly library: Wllama;
  /** llama.cpp's build. */
  readonly version: string;
  readonly threads: number;
  readonly vocabularySize: number;
}

/** Prompt tokens of one forward pass. */
const BATCH = 128;

/** KV cache that is kept in single precision, as our own engine keeps it; a longer one takes half as much. */
const F32_KV_BYTES = 512 * 1024 * 1024;

/** @throws EngineError `bad-file`, `out-of-memory` */
export async function loadLlama(file: Blob, model: ModelInfo): Promise<LoadedLlama> {
  // What llama.cpp says last before it gives up is the reason.
  let complaint = '';
  const hear = (...words: readonly unknown[]): void => {
    const said = words.map(String).join(' ').trim();
    if (/error|fail|unknown|invalid|unsupported/i.test(said)) complaint = said;
  };
  const library = new Wllama(
    { 'single-thread/wllama.wasm': singleThread, 'multi-thread/wllama.wasm': multiThread },
    { logger: { ...LoggerWithoutDebug, log: hear, warn: hear, error: hear } },
  );
  const inSinglePrecision = model.kvBytesPerToken * model.contextLength <= F32_KV_BYTES;
  const kvType = inSinglePrecision ? 'f32' : 'f16';
  try {
    await withDocument(() =>
      library.loadModel([file], {
        n_ctx: model.contextLength,
        n_batch: BATCH,
        cache_type_k: kvType,
        cache_type_v: kvType,
        flash_attn: false,
      }),
    );
  } catch (cause) {
    void library.exit();
    throw loadError(model, cause, complaint);
  }
  const { n_vocab: vocabularySize } = library.getLoadedContextInfo();
  return {
    library,
    version: Wllama.getLibllamaVersion(),
    threads: library.isMultithread() ? library.getNumThreads() : 1,
    vocabularySize,
  };
}

/**
 * The library resolves the address of its WebAssembly against `document.baseURI`, and a worker has no document; the
 * addresses are absolute already, so any base will do.
 */
async function withDocument(load: () => Promise<void>): Promise<void> {
  if ('document' in globalThis) return load();
  Object.defineProperty(globalThis, 'document', {
    value: { baseURI: globalThis.location.href },
    configurable: true,
  });
  try {
    await load();
  } finally {
    Reflect.deleteProperty(globalThis, 'document');
  }
}

function loadError({ name }: ModelInfo, cause: unknown, complaint: string): EngineError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const why = complaint === '' ? message : complaint;
  return /memory|alloc|out of bounds/i.test(`${message} ${complaint}`)
    ? new EngineError(
        'out-of-memory',
        `There is not enough memory for ${name} in WebAssembly (${why}); choose a smaller model.`,
        { cause },
      )
    : new EngineError(
        'bad-file',
        `llama.cpp in WebAssembly cannot load ${name}: ${why}; choose another file.`,
        { cause },
      );
}
