import type { ByteSource } from '../engines/contract.ts';
import { orAborted } from './abortable.ts';
import { addressOf, keyOf, type ModelStore, type RemoteFile } from './model_store.ts';
import { storageError } from './storage_error.ts';
import { StoredFile } from './stored_file.ts';
import { holdTab } from './tab_lock.ts';
import { Transfer, type TransferOptions } from './transfer.ts';

/** A store that does not answer may delay the next attempt by at most this long. */
const REMOVE_MS = 1000;

export interface ModelFile {
  /** Readable at once; a read of bytes that have not arrived waits for them. */
  readonly source: ByteSource;
  /** Resolves when every byte is here and was checked; rejects as the download does. Before that, nothing read is verified. */
  readonly complete: Promise<void>;
}

/**
 * Opens a model's file from the store, or downloads it into the store. Tabs share one copy: a second tab waits for the first.
 * @throws EngineError `network`, `bad-file`, `bad-reply`, `storage-full`, `aborted`, `not-supported`
 */
export async function openModelFile(
  remote: RemoteFile,
  store: ModelStore,
  options: TransferOptions,
): Promise<ModelFile> {
  try {
    const key = await keyOf(remote);
    return (
      (await completeFile(remote, key, store, options.signal)) ??
      (await download(remote, key, store, options))
    );
  } catch (error) {
    throw storageError(remote.fileName, error);
  }
}

/** @returns null if the file is not here, or not complete */
async function completeFile(
  remote: RemoteFile,
  key: string,
  store: ModelStore,
  signal: AbortSignal,
): Promise<ModelFile | null> {
  const entry = await orAborted(store.entry(key), signal);
  if (!entry?.complete || !isOf(remote, entry.url)) return null;
  const blob = await orAborted(store.blob(key), signal);
  if (blob?.size !== entry.size) return null;
  const stored = new StoredFile(remote.fileName, { blob }, () => store.blob(key));
  return { source: stored.source(entry.size), complete: Promise.resolve() };
}

/** Whether an entry describes this file: by its key if the SHA-256 is known, by its address otherwise. */
function isOf(remote: RemoteFile, url: string): boolean {
  return remote.sha256 !== undefined || addressOf(url) === addressOf(remote.url);
}

/** Resolves when the size is known. The transfer continues; at its end it releases the file and the lock on other tabs. */
async function download(
  remote: RemoteFile,
  key: string,
  store: ModelStore,
  options: TransferOptions,
): Promise<ModelFile> {
  const { signal } = options;
  const release = await holdTab(`logitscope-model-${key}`, signal, async () => {
    const present = (await store.blob(key))?.size ?? 0;
    options.onProgress({
      receivedBytes: present,
      totalBytes: remote.size ?? 0,
      bytesPerSecond: null,
      waiting: 'another tab downloads it',
    });
  });
  try {
    // Another tab may have downloaded it meanwhile.
    const brought = await completeFile(remote, key, store, signal);
    if (brought) {
      release();
      return brought;
    }
    const entry = await orAborted(store.entry(key), signal);
    const file = await orAborted(store.open(key), signal, (late) => late.close());
    const stored = new StoredFile(remote.fileName, { file }, () => orAborted(store.blob(key), signal));
    const known = entry && isOf(remote, entry.url) ? entry : null;
    return await new Promise((resolve, reject) => {
      const transfer = new Transfer(remote, key, store, stored, known, options);
      const complete = bring(transfer, () => resolve({ source: stored.source(transfer.total!), complete }))
        // Callers of `complete` see a failure; nobody else has to.
        .finally(release);
      complete.catch(reject);
    });
  } catch (error) {
    release();
    throw error;
  }
}

/** @throws EngineError; by then the handle is closed, and an empty file is removed */
async function bring(transfer: Transfer, onBegun: () => void): Promise<void> {
  const { file, store, key } = transfer;
  try {
    await transfer.run(onBegun);
  } catch (cause) {
    const error = storageError(file.name, cause);
    const empty = file.present === 0;
    file.fail(error);
    // Nothing arrived, or what arrived was wrong: then there is nothing to list either.
    if (empty) await orAborted(store.remove(key), AbortSignal.timeout(REMOVE_MS)).catch(() => undefined);
    throw error;
  }
  await file.finish(transfer.total!);
}
