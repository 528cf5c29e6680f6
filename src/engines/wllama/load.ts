import { LoggerWithoutDebug, Wllama } from '@wllama/wllama/esm/index.js';
import multiThread from '@wllama/wllama/esm/multi-thread/wllama.wasm?url';
import singleThread from '@wllama/wllama/esm/single-thread/wllama.wasm?url';
import { EngineError, type ModelInfo } from '../contract.ts';

export interface LoadedLlama {
  readonly library: Wllama;
  /** llama.cpp's build. */
  readonly version: string;
  readonly threads: number;
  /** Number format of the KV cache. */
  readonly kvType: 'f32' | 'f16';
  readonly vocabularySize: number;
}

/** Prompt tokens per forward pass. */
const BATCH = 128;

/** Below this size of model, waiting for other threads costs more than it saves. */
const THREADED_BYTES = 64 * 1024 * 1024;

/** Up to this size the KV cache is in single precision, as in our own engine; a larger one uses half precision. */
const F32_KV_BYTES = 512 * 1024 * 1024;

/** @throws EngineError `network`, `bad-file`, `out-of-memory` */
export async function loadLlama(file: Blob, model: ModelInfo): Promise<LoadedLlama> {
  // The last thing that llama.cpp prints before it gives up is the reason.
  let complaint = '';
  const hear = (...words: readonly unknown[]): void => {
    const said = words.map(String).join(' ').trim();
    if (/error|fail|unknown|invalid|unsupported/i.test(said)) complaint = said;
  };
  // Threads need shared memory, which browsers allow only on cross-origin isolated pages.
  const mayShare = globalThis.crossOriginIsolated && file.size >= THREADED_BYTES;
  const threads = mayShare ? Math.max(1, navigator.hardwareConcurrency >> 1) : 1;
  const program = await fetchProgram(threads > 1 ? multiThread : singleThread);
  const paths = {
    'single-thread/wllama.wasm': program,
    ...(threads > 1 ? { 'multi-thread/wllama.wasm': program } : {}),
  };
  const library = new Wllama(paths, {
    logger: { ...LoggerWithoutDebug, log: hear, warn: hear, error: hear },
  });
  const inSinglePrecision = model.kvBytesPerToken * model.contextLength <= F32_KV_BYTES;
  const kvType = inSinglePrecision ? 'f32' : 'f16';
  try {
    await withDocument(() =>
      library.loadModel([file], {
        n_ctx: model.contextLength,
        n_batch: BATCH,
        n_threads: threads,
        cache_type_k: kvType,
        cache_type_v: kvType,
        flash_attn: false,
      }),
    );
  } catch (cause) {
    void library.exit();
    throw loadError(model, cause, complaint);
  } finally {
    URL.revokeObjectURL(program);
  }
  const { n_vocab: vocabularySize } = library.getLoadedContextInfo();
  return {
    library,
    version: Wllama.getLibllamaVersion(),
    threads: library.isMultithread() ? library.getNumThreads() : 1,
    kvType,
    vocabularySize,
  };
}

/**
 * Fetches the WebAssembly here and gives it a blob address. The library's worker has no address of its own, so the service worker,
 * which keeps what was fetched once, does not see what that worker fetches.
 */
async function fetchProgram(url: string): Promise<string> {
  const failed = (why: string, cause?: unknown): EngineError =>
    new EngineError(
      'network',
      `llama.cpp’s WebAssembly could not be fetched from this page’s host: ${why}; try again.`,
      {
        cause,
      },
    );
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw failed(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!response.ok) throw failed(`it answered ${response.status}`);
  return URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: 'application/wasm' }));
}

/**
 * The library resolves the address of its WebAssembly against `document.baseURI`, but a worker has no document. The addresses are
 * absolute already, so any base will do.
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
