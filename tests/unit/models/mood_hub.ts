/**
 * A hub in this process whose answers go wrong in all ways of real hubs, storages and caches. It checks each request: a download
 * must not ask again for bytes that have arrived.
 */

export type Mood =
  | { readonly kind: 'well' }
  /** The connection breaks after this many bytes. */
  | { readonly kind: 'cut'; readonly after: number }
  /** The body ends after this many bytes, as if it were whole. */
  | { readonly kind: 'short'; readonly after: number }
  /** More bytes than the file has. */
  | { readonly kind: 'long' }
  /** The hub falls silent after this many bytes, and keeps the connection. */
  | { readonly kind: 'silent'; readonly after: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'offline' }
  /** 200 and the whole file, whatever was requested. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'no such part' }
  /** A part that begins at another byte than requested. */
  | { readonly kind: 'shifted'; readonly by: number }
  /** A proxy compresses it, so the length on the wire says nothing. */
  | { readonly kind: 'gzip' }
  /** Another cache answers, with a weak tag. */
  | { readonly kind: 'weak' }
  /**
   * A storage that hides its headers from other pages. For files without a listing it still shows the tag, because nothing else
   * would tell a replaced file of the same size from the first one.
   */
  | { readonly kind: 'hidden' };

/** Moods after which the whole file may be requested, although a part of it has arrived. */
const NO_PARTS: readonly Mood['kind'][] = ['no such part', 'shifted', 'gzip'];
const PIECE = 512;

interface HubFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly version: number;
  readonly listed: boolean;
}

export class MoodHub {
  /** The moods of the next answers; later answers are right. */
  moods: Mood[] = [];
  /** Requests that should not have been made. */
  readonly complaints: string[] = [];
  requests = 0;
  readonly #files = new Map<string, HubFile>();
  /** Addresses that refused a part, and have not sent the whole file since. */
  readonly #withoutParts = new Set<string>();

  /** How many bytes from the beginning of a file arrived. */
  readonly #arrived = new Map<string, number>();

  /** @param present how many bytes of the file the browser has */
  constructor(private readonly present: (address: string) => Promise<number>) {}

  /** @param listed whether the page knows its size and its hash */
  put(address: string, bytes: Uint8Array<ArrayBuffer>, listed: boolean): void {
    this.forget(address);
    this.#files.set(address, { bytes, listed, version: (this.#files.get(address)?.version ?? 0) + 1 });
  }

  /** Allows requests for the arrived part, because it was deleted or proved wrong. */
  forget(address: string): void {
    this.#arrived.delete(address);
  }

  fetch: typeof fetch = async (input, init) => {
    const address = input as string;
    const { signal } = init!;
    signal!.throwIfAborted();
    const range = /^bytes=(\d+)-$/.exec(new Headers(init!.headers).get('range') ?? '');
    const mood = this.moods.shift() ?? { kind: 'well' };
    this.requests++;
    const present = await this.present(address);
    const asked = Number(range?.[1] ?? 0);
    if (asked !== present && !(asked === 0 && this.#withoutParts.has(address))) {
      this.complaints.push(`${address} was asked for from ${asked} on while ${present} bytes are here`);
    }
    const arrived = this.#arrived.get(address) ?? 0;
    if (present < arrived)
      this.complaints.push(`of ${arrived} bytes of ${address} only ${present} were kept`);
    // The request to the hub, its redirect, and the request to the storage.
    await new Promise((done) => setTimeout(done));
    signal!.throwIfAborted();
    if (mood.kind === 'offline') throw new TypeError('Failed to fetch');
    if (mood.kind === 'status') return new Response('<html>no</html>', { status: mood.status });
    const file = this.#files.get(address)!;
    if (!range) this.#withoutParts.delete(address);
    else if (NO_PARTS.includes(mood.kind) || asked >= file.bytes.length) this.#withoutParts.add(address);
    return this.#answer(address, file, range && mood.kind !== 'whole' ? asked : null, mood, signal!);
  };

  #answer(
    address: string,
    { bytes, version, listed }: HubFile,
    asked: number | null,
    mood: Mood,
    signal: AbortSignal,
  ): Response {
    const size = bytes.length;
    if (asked !== null && (asked >= size || mood.kind === 'no such part')) {
      return new Response('', { status: 416, headers: { 'content-range': `bytes */${size}` } });
    }
    const from =
      asked === null ? 0 : Math.max(0, Math.min(size - 1, asked + (mood.kind === 'shifted' ? mood.by : 0)));
    const headers: Record<string, string> = { 'content-length': String(size - from) };
    if (asked !== null) headers['content-range'] = `bytes ${from}-${size - 1}/${size}`;
    headers['etag'] = mood.kind === 'weak' ? `W/"${version}"` : `"${version}"`;
    if (mood.kind === 'gzip') Object.assign(headers, { 'content-encoding': 'gzip', 'content-length': '77' });
    if (mood.kind === 'hidden') {
      delete headers['content-range'];
      if (listed) delete headers['etag'];
    }
    const body = mood.kind === 'long' ? new Uint8Array([...bytes, 1, 2, 3]) : bytes;
    const onSent = (count: number) => {
      const arrived = this.#arrived.get(address) ?? 0;
      if (from <= arrived) this.#arrived.set(address, Math.max(arrived, from + count));
    };
    return new Response(stream(body.subarray(from), mood, signal, onSent), {
      status: asked === null ? 200 : 206,
      headers,
    });
  }
}

/** @param onSent receives the number of bytes sent so far */
function stream(
  bytes: Uint8Array<ArrayBuffer>,
  mood: Mood,
  signal: AbortSignal,
  onSent: (count: number) => void,
): ReadableStream {
  const stop = 'after' in mood ? Math.min(mood.after, bytes.length) : bytes.length;
  let at = 0;
  return new ReadableStream(
    {
      start: (controller) =>
        signal.addEventListener('abort', () => {
          try {
            controller.error(signal.reason);
          } catch {
            // It was closed before.
          }
        }),
      async pull(controller) {
        await null;
        if (signal.aborted) return;
        if (at < stop) {
          const end = Math.min(stop, at + PIECE);
          controller.enqueue(bytes.slice(at, end));
          at = end;
          onSent(at);
        } else if (mood.kind === 'cut' && at < bytes.length) controller.error(new TypeError('network error'));
        else if (mood.kind === 'silent' && at < bytes.length) await new Promise(() => undefined);
        else controller.close();
      },
    },
    // Nothing lies between the hub and its reader, so sent bytes have arrived.
    { highWaterMark: 0 },
  );
}
