import { EngineError, type ByteSource, type LoadOptions } from '../../engines/contract.ts';
import { aborted, checkNotAborted, checkRange } from '../../engines/gguf/sources.ts';
import type { CatalogueEntry } from '../../models/catalogue.ts';
import type { RemoteSource } from './open_remote.ts';

/** Milliseconds between two reports of a download: about as often as the page shows them. */
const REPORT_MS = 50;

/** A read whose last byte has not arrived. */
interface Waiting {
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: EngineError) => void;
}

/**
 * Fetches the embedded model, a few megabytes, in one request. The part that has arrived can be read at once, so that shaders
 * compile and weights upload meanwhile. `complete` rejects if the length or the SHA-256 is not the catalogue's.
 */
export function openCatalogue(entry: CatalogueEntry, base: string, options: LoadOptions): RemoteSource {
  const whole = new Uint8Array(entry.size);
  let loaded = 0;
  let failure: EngineError | null = null;
  let waiting: Waiting[] = [];

  const complete = fetchInto(whole, entry, base, options, (bytes) => {
    loaded = bytes;
    waiting = waiting.filter(({ end, resolve }) => {
      if (end <= loaded) resolve();
      return end > loaded;
    });
  });
  complete.catch((error: EngineError) => {
    failure = error;
    for (const { reject } of waiting) reject(error);
  });

  const source: ByteSource = {
    name: entry.fileName,
    size: entry.size,
    async read(offset, length, signal) {
      checkRange(entry.fileName, entry.size, offset, length);
      const end = offset + length;
      if (end > loaded) {
        if (failure) throw failure;
        await new Promise<void>((resolve, reject) => waiting.push({ end, resolve, reject }));
      }
      checkNotAborted(entry.fileName, signal);
      return whole.slice(offset, end);
    },
  };
  return { source, complete, note: null };
}

/** @throws EngineError `network`, `bad-file`, `aborted` */
async function fetchInto(
  whole: Uint8Array<ArrayBuffer>,
  entry: CatalogueEntry,
  base: string,
  { signal, onProgress }: LoadOptions,
  onBytes: (loaded: number) => void,
): Promise<void> {
  const url = new URL(entry.url, base);
  const unreachable = (why: string, cause?: unknown): EngineError =>
    new EngineError(
      'network',
      `${entry.name} could not be fetched from ${url.host}: ${why}. Try again, or open a file.`,
      { cause },
    );
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
      onBytes(loaded);
      if (performance.now() - told < REPORT_MS) continue;
      told = performance.now();
      onProgress({ stage: 'download', loadedBytes: loaded, totalBytes: entry.size });
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (signal.aborted) throw aborted(entry.fileName);
    throw unreachable(error instanceof Error ? error.message : String(error), error);
  }
  if (loaded !== entry.size) throw wrongFile(entry, `${loaded} bytes long instead of ${entry.size}`);
  await checkHash(entry, whole);
}

/** Pages served without TLS have no `crypto.subtle`; for them the check of the size must do. */
async function checkHash(entry: CatalogueEntry, whole: Uint8Array<ArrayBuffer>): Promise<void> {
  if (!globalThis.isSecureContext) return;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (hex !== entry.sha256) throw wrongFile(entry, 'not the file that the page was made with');
}

function wrongFile(entry: CatalogueEntry, what: string): EngineError {
  return new EngineError('bad-file', `${entry.fileName} is ${what}; reload the page to fetch it again.`);
}
