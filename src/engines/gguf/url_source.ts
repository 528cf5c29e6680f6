import { type ByteSource, EngineError } from '../contract.ts';
import { sequentialSource } from './sequential_source.ts';
import { aborted, checkNotAborted, checkRange } from './sources.ts';

export interface UrlSourceOptions {
  /** For messages; default: the last part of the path. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

/** Attempts per range if the connection fails or the server is busy. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;

/**
 * A file on a server, read by range requests. If the server ignores `Range` and sends the whole file, that one response is read
 * from front to back (sequential_source.ts), and reads should come in the order of the file. The only extra header is `Range`,
 * which needs no CORS preflight. `If-Range` would need one, so a changed file is detected by its ETag or its size, if the server
 * exposes them.
 *
 * @throws EngineError `network`, `aborted`; `bad-reply` if the server hides the file's size
 */
export async function urlSource(url: string, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const get = options.fetch ?? fetch.bind(globalThis);
  const name = options.name ?? nameOf(url);
  const first = await request(get, url, name, { headers: { Range: 'bytes=0-0' } }, options.signal);
  const etag = first.headers.get('etag');

  if (first.status === 200) {
    const size = lengthOf(first);
    if (size === undefined) {
      await first.body?.cancel();
      throw hiddenSize(name, url);
    }
    return sequentialSource(name, size, first, (signal) => request(get, url, name, {}, signal));
  }

  await first.body?.cancel();
  const size = totalOf(first) ?? lengthOf(await request(get, url, name, { method: 'HEAD' }, options.signal));
  if (size === undefined) throw hiddenSize(name, url);

  return {
    name,
    size,
    read: async (offset, length, signal) => {
      checkRange(name, size, offset, length);
      if (length === 0) return new Uint8Array(0);
      const headers = { Range: `bytes=${offset}-${offset + length - 1}` };
      const response = await request(get, url, name, { headers }, signal);
      const total = totalOf(response);
      const tag = response.headers.get('etag');
      if (
        response.status !== 206 ||
        (total !== undefined && total !== size) ||
        (tag && etag && tag !== etag)
      ) {
        await response.body?.cancel();
        throw new EngineError(
          'network',
          `${name} changed on the server while it was read; please load it again.`,
        );
      }
      return bodyOf(response, name, length, signal);
    },
  };
}

async function bodyOf(
  response: Response,
  name: string,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    checkNotAborted(name, signal);
    throw new EngineError('network', `The connection broke while ${name} was read; please load it again.`, {
      cause,
    });
  }
  if (bytes.length === length) return bytes;
  throw new EngineError(
    'network',
    `The server sent ${bytes.length} bytes of ${name} where ${length} were asked for; please load it again.`,
  );
}

/** One request, with retries if they may help. @returns a response with status 2xx */
async function request(
  get: typeof fetch,
  url: string,
  name: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    checkNotAborted(name, signal);
    let failure: EngineError;
    try {
      const response = await get(url, { ...init, ...(signal ? { signal } : {}) });
      if (response.ok) return response;
      await response.body?.cancel();
      failure = refused(name, url, response.status);
      if (response.status !== 429 && response.status < 500) throw failure;
    } catch (cause) {
      checkNotAborted(name, signal);
      if (cause instanceof EngineError) throw cause;
      failure = new EngineError(
        'network',
        `${hostOf(url)} cannot be reached for ${name}; check the connection, and that the server allows other pages to read it (CORS).`,
        { cause },
      );
    }
    if (attempt === ATTEMPTS) throw failure;
    await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), name, signal);
  }
}

function refused(name: string, url: string, status: number): EngineError {
  const why: Readonly<Record<number, string>> = {
    401: 'it wants a login',
    403: 'access is not allowed',
    404: 'there is no such file',
    416: 'it cannot send a part of it',
    429: 'too many requests were made; wait a little',
  };
  const reason =
    why[status] ?? (status >= 500 ? 'the server has a fault; try again later' : 'check the address');
  return new EngineError('network', `${hostOf(url)} answered ${status} for ${name}: ${reason}.`);
}

function hiddenSize(name: string, url: string): EngineError {
  return new EngineError(
    'bad-reply',
    `${hostOf(url)} does not say how large ${name} is; please download the file and choose it from the disk.`,
  );
}

/** The whole file's size from `Content-Range: bytes 0-0/1234`, if the server exposes it to other origins. */
function totalOf(response: Response): number | undefined {
  const total = /\/(\d+)\s*$/.exec(response.headers.get('content-range') ?? '')?.[1];
  return sizeFrom(total);
}

/** Content-Length counts the bytes on the wire, so it is not the size if they are compressed. */
function lengthOf(response: Response): number | undefined {
  const encoding = response.headers.get('content-encoding');
  if (encoding && encoding !== 'identity') return undefined;
  return sizeFrom(response.headers.get('content-length') ?? undefined);
}

function sizeFrom(text: string | undefined): number | undefined {
  const size = Number(text);
  return text !== undefined && Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

function nameOf(url: string): string {
  const path = url.replace(/[?#].*$/, '');
  return path.slice(path.lastIndexOf('/') + 1) || url;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || 'This page' : 'This page';
}

function pause(milliseconds: number, name: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(aborted(name));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
