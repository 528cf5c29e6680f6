import { EngineError, type Engine, type LoadOptions } from '../../engines/contract.ts';
import { blobSource } from '../../engines/gguf/sources.ts';
import { OpenAiEngine } from '../../engines/openai/engine.ts';
import { ScriptedEngine } from '../../engines/scripted/engine.ts';
import { openWebLlm } from '../../engines/web-llm/open.ts';
import { missingWebGpu } from '../../engines/webgpu/browser/missing_webgpu.ts';
import { openWebGpu } from '../../engines/webgpu/browser/open.ts';
import type { WebGpuEngineOptions } from '../../engines/webgpu/engine.ts';
import { openWllama } from '../../engines/wllama/open.ts';
import { catalogueEntry } from '../../models/catalogue.ts';
import { keyOf } from '../../models/model_store.ts';
import { opfsStore } from '../../models/opfs_store.ts';
import type { ModelChoice } from '../api/models_api.ts';
import { openCatalogue } from './open_catalogue.ts';
import { openRemote, type RemoteSource } from './open_remote.ts';

export interface OpenOptions extends LoadOptions {
  /** Receives sentences that the person should read although nothing is wrong. */
  readonly onNote: (sentence: string) => void;
}

/** Gives logits, or samples by itself. */
export type OpenedEngine = Engine | OpenAiEngine;

/** @throws EngineError that says in one sentence what is wrong with the file, the machine or the network */
export async function openEngine(choice: ModelChoice, options: OpenOptions): Promise<OpenedEngine> {
  if (choice.kind === 'scripted') return new ScriptedEngine({ stepDelay: choice.stepDelay ?? 0 });
  if (choice.kind === 'server') return OpenAiEngine.open(choice, choice.model, options.signal);
  if (choice.kind === 'web-llm') return openWebLlm(choice.id, options);
  if (choice.runOn === 'cpu') return openOnCpu(choice, options);
  const missing = await missingWebGpu();
  if (missing !== null) return openWithoutWebGpu(missing, choice, options);
  try {
    return await openOnGpu(choice, options);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'wrong-results') throw error;
    return openWithoutWebGpu(error.message, choice, options);
  }
}

function openOnGpu(choice: FileChoice, options: OpenOptions): Promise<Engine> {
  if (choice.kind !== 'file')
    return openArriving((signal) => openFetched(choice, { ...options, signal }), options);
  return openWebGpu(blobSource(choice.file, choice.file.name), options);
}

type FetchedChoice = Extract<ModelChoice, { kind: 'catalogue' | 'remote' }>;
type FileChoice = FetchedChoice | Extract<ModelChoice, { kind: 'file' }>;

/** @throws EngineError if the address or the storage fails at once; `complete` rejects on later failures */
async function openFetched(choice: FetchedChoice, options: OpenOptions): Promise<RemoteSource> {
  const opened =
    choice.kind === 'catalogue'
      ? openCatalogue(catalogueEntry(choice.id), choice.base, options)
      : await openRemote(choice.file, options);
  if (opened.note !== null) options.onNote(opened.note);
  return opened;
}

/** Runs a GGUF file on the CPU. @param missing a sentence that tells the person what the GPU lacks */
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
  const { source, complete, note, prove } = await openFetched(choice, options);
  await complete;
  const stored = choice.kind === 'remote' && note === null;
  const kept = stored ? await (await opfsStore())?.blob(await keyOf(choice.file)) : null;
  const engine = await openWllama(source, kept ?? null, options);
  try {
    await prove?.(options.signal);
  } catch (error) {
    engine.dispose();
    throw error;
  }
  return engine;
}

/**
 * Uploads weights to the GPU while the rest of the file arrives. Resolves when the whole file is verified.
 * @param fetched gets a signal that ends the download too if the model cannot be loaded
 * @param other as for `openWebGpu`
 */
export async function openArriving(
  fetched: (signal: AbortSignal) => RemoteSource | Promise<RemoteSource>,
  options: LoadOptions,
  other?: Partial<WebGpuEngineOptions>,
): Promise<Engine> {
  // The download of a model that cannot be loaded ends early.
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const { source, complete, prove } = await fetched(signal);
  let arrived = false;
  void complete.then(
    () => (arrived = true),
    () => undefined,
  );
  // While the file arrives, the progress of the download says more than the progress of the upload.
  const onProgress: LoadOptions['onProgress'] = (progress) => {
    if (arrived) options.onProgress(progress);
  };
  const loading = openWebGpu(source, { signal, onProgress }, other);
  try {
    const [engine] = await Promise.all([loading, complete]);
    await prove?.(signal);
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
