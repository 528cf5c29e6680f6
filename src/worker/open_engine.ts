import { EngineError, type ByteSource, type Engine, type LoadProgress } from '../engines/contract.ts';
import { OpenAiEngine } from '../engines/openai/engine.ts';
import { ScriptedEngine } from '../engines/scripted/engine.ts';
import { loadWebGpuEngine } from '../engines/webgpu/engine.ts';
import { blobSource, bufferSource } from '../engines/webgpu/gguf/sources.ts';
import { catalogueEntry, type CatalogueEntry } from '../models/catalogue.ts';
import { keyOf, type RemoteFile } from '../models/model_store.ts';
import { opfsStore } from '../models/opfs_store.ts';
import type { ModelChoice } from './api.ts';
import { memoryBound } from './memory_bound.ts';
import { countedEngine } from './measure_step.ts';
import { missingWebGpu } from './missing_webgpu.ts';
import { openRemote } from './open_remote.ts';
import { openWebLlm } from './open_web_llm.ts';
import { openWllama } from './open_wllama.ts';

export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
  /** A sentence that the person should read, though nothing is wrong. */
  readonly onNote: (sentence: string) => void;
}

/** @throws EngineError: what is wrong with the file, the machine or the network, in one sentence */
export async function openEngine(choice: ModelChoice, options: OpenOptions): Promise<Engine> {
  if (choice.kind === 'scripted') return new ScriptedEngine({ stepDelay: choice.stepDelay ?? 0 });
  if (choice.kind === 'server') return OpenAiEngine.open(choice, choice.model, options.signal);
  if (choice.kind === 'web-llm') return openWebLlm(choice.id, options);
  if (choice.runOn === 'cpu') return openOnCpu(choice, options);
  const missing = await missingWebGpu();
  if (missing !== null) return openWithoutWebGpu(missing, choice, options);
  if (choice.kind === 'remote') return openDownloaded(choice.file, options);
  const source =
    choice.kind === 'file'
      ? blobSource(choice.file, choice.file.name)
      : await fetchWhole(catalogueEntry(choice.id), choice.base, options);
  return countedEngine((onDevice) =>
    loadWebGpuEngine(source, { gpu: navigator.gpu, ...memoryBound(), ...options, onDevice }),
  );
}

type FileChoice = Extract<ModelChoice, { kind: 'catalogue' | 'file' | 'remote' }>;

/** A GGUF file still runs, on the CPU; the person is told what would bring the GPU. */
async function openWithoutWebGpu(missing: string, choice: FileChoice, options: OpenOptions): Promise<Engine> {
  try {
    const engine = await openOnCpu(choice, options);
    options.onNote(
      `${missing} Meanwhile ${engine.model.name} runs on the CPU, one text at a time, through llama.cpp in WebAssembly.`,
    );
    return engine;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'aborted') throw error;
    throw new EngineError(error.code, `${missing} And on the CPU: ${error.message}`, { cause: error });
  }
}

async function openOnCpu(choice: FileChoice, options: OpenOptions): Promise<Engine> {
  if (choice.kind === 'file')
    return openWllama(blobSource(choice.file, choice.file.name), choice.file, options);
  if (choice.kind === 'catalogue')
    return openWllama(await fetchWhole(catalogueEntry(choice.id), choice.base, options), null, options);
  const { source, complete, note } = await openRemote(choice.file, options);
  if (note !== null) options.onNote(note);
  await complete;
  const kept = note === null ? await (await opfsStore())?.blob(await keyOf(choice.file)) : null;
  return openWllama(source, kept ?? null, options);
}

/** Weights go to the GPU while the rest of the file arrives; the engine is given out when the file is proved. */
async function openDownloaded(file: RemoteFile, options: OpenOptions): Promise<Engine> {
  // A model that cannot be loaded is not downloaded to its end.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { source, complete, note } = await openRemote(file, { ...options, signal });
  if (note !== null) options.onNote(note);
  let arrived = note !== null;
  void complete.then(
    () => (arrived = true),
    () => undefined,
  );
  const loading = countedEngine((onDevice) =>
    loadWebGpuEngine(source, {
      gpu: navigator.gpu,
      ...memoryBound(),
      signal,
      onDevice,
      // While the file arrives, how much of it is here says more than how much of that is on the GPU.
      onProgress: (progress) => {
        if (arrived) options.onProgress(progress);
      },
    }),
  );
  try {
    const [engine] = await Promise.all([loading, complete]);
    return engine;
  } catch (error) {
    failed.abort();
    void loading.then(
      (engine) => engine.dispose(),
      () => undefined,
    );
    throw error;
  }
}

/**
 * The embedded model is a few megabytes: one request brings it whole, and its hash is checked before it is believed.
 * @throws EngineError `network`, `bad-file`, `aborted`
 */
async function fetchWhole(entry: CatalogueEntry, base: string, options: OpenOptions): Promise<ByteSource> {
  const { signal, onProgress } = options;
  const url = new URL(entry.url, base);
  const unreachable = (why: string, cause?: unknown): EngineError =>
    new EngineError(
      'network',
      `${entry.name} could not be fetched from ${url.host}: ${why}. Try again, or open a file.`,
      {
        cause,
      },
    );
  const whole = new Uint8Array(entry.size);
  let loaded = 0;
  let told = 0;
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || !response.body) throw unreachable(`the server answered ${response.status}`);
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (loaded + part.value.length > entry.size) {
        void reader.cancel();
        throw wrongFile(entry, `longer than its ${entry.size} bytes`);
      }
      whole.set(part.value, loaded);
      loaded += part.value.length;
      // A chunk is a few kilobytes; the page is told as often as it draws.
      if (performance.now() - told < 50) continue;
      told = performance.now();
      onProgress({ stage: 'download', loadedBytes: loaded, totalBytes: entry.size });
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (signal.aborted)
      throw new EngineError('aborted', `Loading ${entry.name} was stopped.`, { cause: error });
    throw unreachable(error instanceof Error ? error.message : String(error), error);
  }
  if (loaded !== entry.size) throw wrongFile(entry, `${loaded} bytes long instead of ${entry.size}`);
  await checkHash(entry, whole);
  return bufferSource(entry.fileName, whole);
}

/** Pages served without TLS have no `crypto.subtle`; the size has been checked there. */
async function checkHash(entry: CatalogueEntry, whole: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!globalThis.isSecureContext) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== entry.sha256) throw wrongFile(entry, 'not the file that the page was made with');
}

function wrongFile(entry: CatalogueEntry, what: string): EngineError {
  return new EngineError('bad-file', `${entry.fileName} is ${what}; reload the page to fetch it again.`);
}
