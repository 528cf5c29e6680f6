import { type ByteSource, EngineError } from '../contract.ts';
import { checkNotAborted, checkRange } from './sources.ts';

/**
 * Bytes behind the front that are kept. The header is fetched a chunk ahead (1 MiB), and the first tensor begins inside that
 * chunk. With these bytes kept, reads in the order of the file never restart the download.
 */
const KEPT_BYTES = 4 * 1024 * 1024;

/**
 * A file that the server sends only as a whole. One response is read from front to back. A read behind the kept bytes starts a
 * new response and skips what comes before. Reads are queued, since there is only one stream.
 *
 * @param first a response whose body is the whole file
 * @param restart requests the whole file again
 */
export function sequentialSource(
  name: string,
  size: number,
  first: Response,
  restart: (signal?: AbortSignal) => Promise<Response>,
): ByteSource {
  let reader = first.body?.getReader();
  /** The bytes [front − sum of lengths, front) of the file. */
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  let front = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function rewind(signal?: AbortSignal): Promise<void> {
    await reader?.cancel().catch(() => undefined);
    reader = (await restart(signal)).body?.getReader();
    kept = [];
    keptBytes = 0;
    front = 0;
  }

  /** Advances the front by one piece of the stream. */
  async function advance(signal?: AbortSignal): Promise<Uint8Array> {
    checkNotAborted(name, signal);
    const piece = await reader?.read().catch((cause: unknown) => {
      reader = undefined;
      throw new EngineError('network', `The connection broke while ${name} was read; please load it again.`, {
        cause,
      });
    });
    if (!piece || piece.done) {
      reader = undefined;
      throw new EngineError(
        'network',
        `The server ended ${name} at byte ${front} of ${size}; please load it again.`,
      );
    }
    kept.push(piece.value);
    keptBytes += piece.value.length;
    front += piece.value.length;
    while (keptBytes - kept[0]!.length >= KEPT_BYTES) keptBytes -= kept.shift()!.length;
    return piece.value;
  }

  async function read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkNotAborted(name, signal);
    if (!reader || offset < front - keptBytes) await rewind(signal);
    const out = new Uint8Array(length);
    let at = front - keptBytes;
    for (const piece of kept) {
      copyOverlap(piece, at, out, offset);
      at += piece.length;
    }
    while (front < offset + length) {
      const start = front;
      copyOverlap(await advance(signal), start, out, offset);
    }
    return out;
  }

  return {
    name,
    size,
    read: (offset, length, signal) => {
      const result = queue.then(() => {
        checkRange(name, size, offset, length);
        return read(offset, length, signal);
      });
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

/** Copies the overlap of `piece`, which begins at `at` in the file, and `out`, which begins at `offset`. */
function copyOverlap(piece: Uint8Array, at: number, out: Uint8Array, offset: number): void {
  const from = Math.max(at, offset);
  const to = Math.min(at + piece.length, offset + out.length);
  if (from < to) out.set(piece.subarray(from - at, to - at), from - offset);
}
