import { EngineError, type ByteSource, type LoadOptions, type LoadProgress } from '../../engines/contract.ts';
import { urlSource } from '../../engines/gguf/url_source.ts';
import { hashedSource } from '../../models/hashed_source.ts';
import { openModelFile } from '../../models/model_file.ts';
import { keyOf, type ModelStore, type RemoteFile } from '../../models/model_store.ts';
import { opfsStore } from '../../models/opfs_store.ts';
import { storageRoom } from '../../models/storage_room.ts';
import type { TransferProgress } from '../../models/transfer.ts';

/** Bytes that are left free of what the browser grants: the page keeps runs as well. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** Milliseconds between two reports of a download. */
const REPORT_MS = 100;

export interface RemoteSource {
  readonly source: ByteSource;
  /** Rejects where the file proved wrong or the download ended early; what was read until then is not to be believed. */
  readonly complete: Promise<void>;
  /** Of a file that is not kept and whose hash is known: call when it was read; rejects where it proved wrong. */
  readonly prove?: (signal: AbortSignal) => Promise<void>;
  /** What the person should know of how it is kept; null where there is nothing to say. */
  readonly note: string | null;
}

/**
 * A model from the network: from what is kept, or downloaded and kept. Where this browser keeps nothing, it is read from
 * the network without being kept.
 * @param onProgress told of the download while it goes on
 * @throws EngineError `network`, `bad-file`, `bad-reply`, `storage-full`, `aborted`
 */
export async function openRemote(file: RemoteFile, options: LoadOptions): Promise<RemoteSource> {
  const { signal } = options;
  const store = await opfsStore();
  const note = store
    ? await roomNote(file, store)
    : notKept(file, 'this browser keeps no files for this page');
  if (!store || note !== null) {
    const source = await urlSource(file.url, { name: file.fileName, signal });
    if (file.size !== undefined && source.size !== file.size) {
      throw new EngineError(
        'bad-file',
        `${file.fileName} is ${source.size} bytes on the server instead of ${file.size}; please choose another file.`,
      );
    }
    const complete = Promise.resolve();
    if (file.sha256 === undefined) return { source, complete, note };
    return { ...(await hashedSource(source, file.sha256)), complete, note };
  }
  const opened = await openModelFile(file, store, { signal, onProgress: throttled(options.onProgress) });
  return { ...opened, note: null };
}

/** Why there is no room to keep the file, or null. */
async function roomNote(file: RemoteFile, store: ModelStore): Promise<string | null> {
  const room = await storageRoom();
  if (!room || file.size === undefined) return null;
  const present = (await store.blob(await keyOf(file)))?.size ?? 0;
  const missing = file.size - present;
  const free = room.quota - room.used - SPARE_BYTES;
  if (missing <= free) return null;
  const mb = (bytes: number) => `${Math.max(0, Math.round(bytes / 1e6)).toLocaleString('en-GB')} MB`;
  return notKept(file, `it needs ${mb(missing)} and this browser has ${mb(free)} for this page`);
}

function notKept({ fileName }: RemoteFile, why: string): string {
  return `${fileName} is not kept for the next visit: ${why}.`;
}

function throttled(onProgress: (progress: LoadProgress) => void): (progress: TransferProgress) => void {
  let last = -Infinity;
  let lastWaiting: string | null = null;
  return ({ receivedBytes, totalBytes, bytesPerSecond, waiting }) => {
    const now = performance.now();
    if (now - last < REPORT_MS && waiting === lastWaiting && receivedBytes < totalBytes) return;
    last = now;
    lastWaiting = waiting;
    onProgress({
      stage: 'download',
      loadedBytes: receivedBytes,
      totalBytes,
      ...(bytesPerSecond === null ? {} : { bytesPerSecond }),
      ...(waiting === null ? {} : { waiting }),
    });
  };
}
