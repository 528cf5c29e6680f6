import { EngineError, type ByteSource, type LoadOptions, type LoadProgress } from '../../engines/contract.ts';
import { urlSource } from '../../engines/gguf/url_source.ts';
import { hashedSource } from '../../models/hashed_source.ts';
import { openModelFile } from '../../models/model_file.ts';
import { keyOf, type ModelStore, type RemoteFile } from '../../models/model_store.ts';
import { opfsStore } from '../../models/opfs_store.ts';
import { storageRoom } from '../../models/storage_room.ts';
import type { TransferProgress } from '../../models/transfer.ts';

/** Bytes of the browser's quota that stay free, because the page keeps runs as well. */
const SPARE_BYTES = 16 * 1024 * 1024;
/** Milliseconds between two reports of a download. */
const REPORT_MS = 100;

export interface RemoteSource {
  readonly source: ByteSource;
  /** Rejects if the file is wrong or the download ended early; then nothing that was read can be trusted. */
  readonly complete: Promise<void>;
  /** For a file that is not kept and whose hash is known: call it after reading; it rejects if the hash differs. */
  readonly prove?: (signal: AbortSignal) => Promise<void>;
  /** A sentence for the person about how the file is kept, or null. */
  readonly note: string | null;
}

/**
 * Opens a model from the network: from the kept file, or by a download that is kept. If this browser keeps nothing, the model is
 * read from the network each time.
 * @param onProgress receives the progress of the download
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
        `${file.fileName} has ${source.size} bytes on the server instead of ${file.size}; please choose another file.`,
      );
    }
    const complete = Promise.resolve();
    if (file.sha256 === undefined) return { source, complete, note };
    return { ...(await hashedSource(source, file.sha256)), complete, note };
  }
  const opened = await openModelFile(file, store, { signal, onProgress: throttled(options.onProgress) });
  return { ...opened, note: null };
}

/** A sentence that says why there is no room to keep the file, or null. */
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
