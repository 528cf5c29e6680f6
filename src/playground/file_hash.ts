/** The SHA-256 of the loaded model's file, which records name. A worker of its own computes it after loading. */
import type { EngineSummary, ModelChoice } from '../worker/api/models_api.ts';
import type { HashQuestion } from '../worker/file_hash.worker.ts';
import { playground } from './state.svelte.ts';

let known: { readonly summary: EngineSummary; readonly sha256: string } | null = null;
let hashing: Worker | null = null;

/** Starts hashing the file of the model that has just been loaded, in place of the one before it. */
export function hashFile(choice: ModelChoice, summary: EngineSummary): void {
  hashing?.terminate();
  hashing = null;
  if (choice.kind !== 'file' && choice.kind !== 'remote') return;
  const worker = new Worker(new URL('../worker/file_hash.worker.ts', import.meta.url), {
    type: 'module',
    name: 'file hash',
  });
  hashing = worker;
  worker.addEventListener('message', ({ data }: MessageEvent<string | null>) => {
    if (data !== null) known = { summary, sha256: data };
    worker.terminate();
  });
  const { kind, file } = choice;
  worker.postMessage({ kind, file } as HashQuestion);
}

/** Hexadecimal; null while it is not known, and for a model without a file. */
export function fileHash(): string | null {
  const { engine } = playground;
  return engine.phase === 'ready' && known?.summary === engine.summary ? known.sha256 : null;
}
