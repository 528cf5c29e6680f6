import { type ByteSource, EngineError } from '../engines/contract.ts';
import { keyOf, type ModelStore, type OpenFile, type RemoteFile } from './model_store.ts';
import { holdTab } from './tab_lock.ts';
import { Transfer, type TransferOptions } from './transfer.ts';

export interface ModelFile {
  /** Can be read at once; a read of what has not arrived waits for it. */
  readonly source: ByteSource;
  /** Whether every byte is here and was checked; rejects as the download does. Until then nothing read is proved. */
  readonly complete: Promise<void>;
}

/**
 * A model's file from the store, or from the network into the store. Tabs share one copy: the second waits for the first.
 * @throws EngineError `network`, `bad-file`, `bad-reply`, `storage-full`, `aborted`
 */
export async function openModelFile(
  remote: RemoteFile,
  store: ModelStore,
  options: TransferOptions,
): Promise<ModelFile> {
  const key = await keyOf(remote);
  const kept = await completeFile(remote, key, store);
  if (kept) return kept;

  const release = await holdTab(`logitscope-model-${key}`, options.signal, async () => {
    const present = (await store.blob(key))?.size ?? 0;
    const waiting = 'another tab downloads it';
    options.onProgress({
      receivedBytes: present,
      totalBytes: remote.size ?? 0,
      bytesPerSecond: null,
      waiting,
    });
  });
  let file: OpenFile | undefined;
  try {
    // Another tab may have brought it meanwhile.
    const brought = await completeFile(remote, key, store);
    if (brought) {
      release();
      return brought;
    }
    file = await store.open(key);
    const entry = await store.entry(key);
    return await startTransfer(new Transfer(remote, key, store, file, entry, options), release);
  } catch (error) {
    file?.close();
    release();
    throw error;
  }
}

async function completeFile(remote: RemoteFile, key: string, store: ModelStore): Promise<ModelFile | null> {
  const entry = await store.entry(key);
  if (!entry?.complete) return null;
  const blob = await store.blob(key);
  if (blob?.size !== entry.size) return null;
  return { source: keptSource(remote.fileName, blob), complete: Promise.resolve() };
}

/** A kept file. */
function keptSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length, signal) => {
      checkRange(name, blob.size, offset, length);
      checkNotAborted(name, signal);
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        throw new EngineError(
          'bad-file',
          `${name} can no longer be read from this browser's storage; it was deleted, so please load it again.`,
          { cause },
        );
      }
    },
  };
}

/** Resolves when the size is known; the transfer goes on. */
async function startTransfer(transfer: Transfer, release: () => void): Promise<ModelFile> {
  const { file, store, key } = transfer;
  const name = transfer.remote.fileName;
  let waiters: {
    readonly until: number;
    readonly resolve: () => void;
    readonly reject: (e: unknown) => void;
  }[] = [];
  let kept: ByteSource | null = null;
  let failure: unknown;
  let announce: (total: number) => void;
  let fail: (error: unknown) => void;
  const total = new Promise<number>((resolve, reject) => {
    announce = resolve;
    fail = reject;
  });

  const complete = transfer
    .run(() => {
      announce(transfer.total!);
      const ready = waiters.filter(({ until }) => until <= file.size);
      waiters = waiters.filter(({ until }) => until > file.size);
      for (const { resolve } of ready) resolve();
    })
    .then(async () => {
      announce(transfer.total!);
      file.close();
      const blob = await store.blob(key);
      if (!blob)
        throw new EngineError('bad-file', `${name} was deleted while it was read; please load it again.`);
      kept = keptSource(name, blob);
      for (const { resolve } of waiters) resolve();
    })
    .catch(async (error: unknown) => {
      failure = error;
      const empty = file.size === 0;
      file.close();
      // Nothing arrived, or what did was wrong: then there is nothing to list either.
      if (empty) await store.remove(key);
      fail(error);
      for (const { reject } of waiters) reject(error);
      throw error;
    })
    .finally(release);
  // Whoever asks for `complete` hears of it; nobody has to.
  complete.catch(() => undefined);

  const size = await total;
  return {
    complete,
    source: {
      name,
      size,
      read: async (offset, length, signal) => {
        checkRange(name, size, offset, length);
        checkNotAborted(name, signal);
        if (kept) return kept.read(offset, length, signal);
        if (failure !== undefined) throw failure;
        if (file.size < offset + length) {
          await new Promise<void>((resolve, reject) =>
            waiters.push({ until: offset + length, resolve, reject }),
          );
        }
        return kept ? (kept as ByteSource).read(offset, length, signal) : file.read(offset, length);
      },
    },
  };
}

function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new EngineError(
    'bad-file',
    `${name} is ${size} bytes long, so ${length} bytes from ${offset} are not in it; it is incomplete, so please delete it and download it again.`,
  );
}

function checkNotAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new EngineError('aborted', `Reading ${name} was stopped.`);
}
