import { type ByteSource, EngineError } from '../contract.ts';

/** Bytes that are already in memory. Reads are copies. */
export function bufferSource(name: string, bytes: Uint8Array | ArrayBuffer): ByteSource {
  const whole = new Uint8Array(bytes instanceof ArrayBuffer ? bytes : bytes.buffer);
  const start = bytes instanceof ArrayBuffer ? 0 : bytes.byteOffset;
  return {
    name,
    size: bytes.byteLength,
    read: async (offset, length, signal) => {
      checkRange(name, bytes.byteLength, offset, length);
      checkNotAborted(name, signal);
      return whole.slice(start + offset, start + offset + length);
    },
  };
}

/** A file that the visitor chose, or any blob. It reads only the requested bytes from the disk. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length, signal) => {
      checkRange(name, blob.size, offset, length);
      checkNotAborted(name, signal);
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        // A browser refuses to read a file that was changed, moved or deleted after it was chosen.
        throw new EngineError(
          'bad-file',
          `${name} can no longer be read; it was changed or moved, so please choose it again.`,
          { cause },
        );
      }
      checkNotAborted(name, signal);
      return bytes;
    },
  };
}

/** @throws EngineError `bad-file` if the range is not within the file */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  const sane = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (sane && offset + length <= size) return;
  throw new EngineError(
    'bad-file',
    `${name} is ${size} bytes long, so ${length} bytes from ${offset} are not in it; it is incomplete, so please download it again.`,
  );
}

/** @throws EngineError `aborted` */
export function checkNotAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(name);
}

export function aborted(name: string): EngineError {
  return new EngineError('aborted', `Reading ${name} was stopped.`);
}
