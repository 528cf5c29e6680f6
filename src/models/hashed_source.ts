import { createSHA256 } from 'hash-wasm';
import { type ByteSource, EngineError } from '../engines/contract.ts';

/** Bytes that are skipped at a time. A wider gap waits for the reads that will fill it. */
const GAP_BYTES = 8 * 1024 * 1024;

export interface HashedSource {
  readonly source: ByteSource;
  /**
   * Call this after the last read: it reads the rest of the file and compares the hash.
   * @throws EngineError `bad-file` for another file, and whatever reading the source throws
   */
  prove(signal?: AbortSignal): Promise<void>;
}

/**
 * Checks a file that is not kept against its SHA-256 while it is read. If the reads follow the order of the file, each byte is
 * fetched once and none is held.
 * @param sha256 hexadecimal
 */
export async function hashedSource(source: ByteSource, sha256: string): Promise<HashedSource> {
  const { name, size } = source;
  const hasher = await createSHA256();
  /** Number of bytes from the beginning of the file that are in the hash. */
  let hashed = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function read(offset: number, length: number, signal?: AbortSignal) {
    const bytes = await source.read(offset, length, signal);
    if (offset <= hashed && offset + length > hashed) {
      hasher.update(bytes.subarray(hashed - offset));
      hashed = offset + length;
    }
    return bytes;
  }

  /** Runs one piece of work at a time, because the hash advances at one place. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  }

  return {
    source: {
      name,
      size,
      read: (offset, length, signal) =>
        inTurn(async () => {
          const gap = offset - hashed;
          if (gap > 0 && gap <= GAP_BYTES && offset + length <= size) await read(hashed, gap, signal);
          return read(offset, length, signal);
        }),
    },
    prove: (signal) =>
      inTurn(async () => {
        while (hashed < size) await read(hashed, Math.min(GAP_BYTES, size - hashed), signal);
        if (hasher.digest('hex') === sha256) return;
        throw new EngineError(
          'bad-file',
          `${name} is not the file that was listed: its SHA-256 differs; please choose another file.`,
        );
      }),
  };
}
