import { EngineError } from '../engines/contract.ts';
import type { RemoteFile } from './model_store.ts';

/** The rest of a file, from `start` on. */
export interface ByteAnswer {
  /** At most the requested offset; 0 if the server sends no parts and the whole file comes again. */
  readonly start: number;
  /** Bytes of the whole file; null if the server hides the size. */
  readonly total: number | null;
  readonly etag: string | null;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A refusal that may be temporary. */
export class TemporaryRefusal extends Error {
  /** @param waitMs the wait that the server asked for (`Retry-After`); null if it named none */
  constructor(
    message: string,
    readonly waitMs: number | null,
  ) {
    super(message);
  }
}

/** The server has no such part, or sends it in a form that does not fit. A request for the whole file then tells what it has. */
export class NoSuchPart extends Error {}

/**
 * Requests a file from byte `start` on. The only extra header is `Range`, which needs no CORS preflight. `If-Range` would need one,
 * so a changed file is detected by its ETag and size.
 *
 * @throws EngineError `network` for a permanent failure; TemporaryRefusal, NoSuchPart; TypeError without a connection
 */
export async function requestFrom(
  file: RemoteFile,
  start: number,
  get: typeof fetch,
  signal: AbortSignal,
): Promise<ByteAnswer> {
  const response = await get(file.url, {
    signal,
    // The browser's own cache would hold a second copy of the file that we keep.
    cache: 'no-store',
    ...(start > 0 ? { headers: { Range: `bytes=${start}-` } } : {}),
  });
  if (response.ok && response.body) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range')?.trim() ?? '');
    const partial = response.status === 206;
    const begins = partial ? Number(range?.[1] ?? start) : 0;
    if (begins > start || (partial && isEncoded(response))) {
      await response.body.cancel();
      throw new NoSuchPart('the server sent another part than it was asked for');
    }
    const ranged = range?.[2] !== undefined && range[2] !== '*' ? Number(range[2]) : null;
    return {
      start: begins,
      total: partial ? (ranged ?? plus(lengthOf(response), begins)) : lengthOf(response),
      etag: response.headers.get('etag'),
      body: response.body,
    };
  }
  await response.body?.cancel();
  if (response.status === 416 && start > 0) throw new NoSuchPart('the file ends before that part');
  throw refusal(file, response);
}

function plus(length: number | null, start: number): number | null {
  return length === null ? null : length + start;
}

/** Content-Length counts the bytes on the wire, so it is not the size if they are compressed. */
function lengthOf(response: Response): number | null {
  const length = Number(response.headers.get('content-length') ?? NaN);
  return isEncoded(response) || !Number.isSafeInteger(length) || length < 0 ? null : length;
}

function isEncoded(response: Response): boolean {
  const encoding = response.headers.get('content-encoding');
  return encoding !== null && encoding !== 'identity';
}

function refusal({ url, fileName }: RemoteFile, response: Response): Error {
  const { status } = response;
  const host = new URL(url).host;
  const answered = `${host} answered ${status} for ${fileName}`;
  if (status === 429 || status >= 500 || status === 408) {
    const seconds = Number(response.headers.get('retry-after') ?? NaN);
    const why = status === 429 ? 'too many requests were made' : 'the server has a fault';
    return new TemporaryRefusal(
      `${answered}: ${why}; what has arrived is kept, so continue a little later.`,
      Number.isFinite(seconds) ? seconds * 1000 : null,
    );
  }
  if (status === 401 || status === 403) {
    return new EngineError(
      'network',
      `${answered}: the file is gated, private or not there; where you have access, download it with your account there and open the file from your disk.`,
    );
  }
  const why =
    status === 404 || status === 410 ? 'there is no such file; check the address' : 'check the address';
  return new EngineError('network', `${answered}: ${why}.`);
}
