/**
 * A stand-in for the hub on this machine: listings, redirects to a second path like the hub's storage, ranges,
 * ETags, and every kind of failure. It records the bytes that it sent.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the next answers of a file go wrong. */
export interface Mood {
  /** Cut the connection after this many bytes of the body, for the next `times` answers. */
  cutAfter?: number;
  /** Status instead of the file, for the next `times` answers. */
  status?: number;
  retryAfter?: string;
  times?: number;
  /** Send the whole file, whatever part is requested. */
  noRanges?: boolean;
  /** Bytes per second. */
  slow?: number;
  /** Fall silent after this many bytes, and keep the connection. */
  silentAfter?: number;
}

interface Served {
  body: Uint8Array;
  etag: string;
  /** What the listing claims; default: the truth. */
  listed?: { size?: number; sha256?: string };
}

export interface Sent {
  readonly path: string;
  readonly from: number;
  readonly bytes: number;
}

export class StandInHub {
  readonly files = new Map<string, Served>();
  readonly moods = new Map<string, Mood>();
  /** The bodies as far as they were sent. */
  readonly sent: Sent[] = [];
  readonly requests: string[] = [];
  gated: false | 'auto' = false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<StandInHub> {
    const hub = new StandInHub();
    await new Promise<void>((done) => hub.#server.listen(0, '127.0.0.1', done));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  put(path: string, body: Uint8Array, listed?: { size?: number; sha256?: string }): string {
    const etag = `"${sha256(body)}"`;
    this.files.set(path, { body, etag, ...(listed ? { listed } : {}) });
    return `${this.url}/owner/repo/resolve/main/${path}`;
  }

  /** How many times each byte of a file was sent: `[fewest, most]`. */
  timesSent(path: string, size: number): [number, number] {
    const edges: [number, number][] = [];
    for (const { path: sentPath, from, bytes } of this.sent) {
      if (sentPath === path && bytes > 0) edges.push([from, 1], [from + bytes, -1]);
    }
    edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let at = 0;
    let depth = 0;
    let fewest = Infinity;
    let most = 0;
    for (const [edge, step] of [...edges, [size, 0] as const]) {
      if (edge > at) {
        fewest = Math.min(fewest, depth);
        most = Math.max(most, depth);
      }
      at = Math.max(at, edge);
      depth += step;
    }
    return [fewest, most];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(`${request.method} ${url.pathname} ${request.headers.range ?? ''}`.trim());
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader(
      'access-control-expose-headers',
      'ETag, Content-Range, Content-Length, Retry-After, Link',
    );
    if (url.pathname.startsWith('/api/models/owner/repo/')) return this.#list(url, response);
    const resolved = /^\/owner\/repo\/resolve\/[^/]+\/(.+)$/.exec(url.pathname)?.[1];
    if (resolved !== undefined) {
      if (this.gated) return void response.writeHead(401, { 'x-error-code': 'GatedRepo' }).end('gated');
      return void response
        .writeHead(302, { location: `/storage/${resolved}?signature=${this.sent.length}` })
        .end();
    }
    const stored = /^\/storage\/(.+)$/.exec(url.pathname)?.[1];
    const file = stored === undefined ? undefined : this.files.get(decodeURIComponent(stored));
    if (stored !== undefined && file) return this.#send(decodeURIComponent(stored), file, request, response);
    response.writeHead(url.pathname.startsWith('/api/') ? 401 : 404).end('not here');
  }

  #list(url: URL, response: ServerResponse): void {
    const json = (value: unknown) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (url.pathname.includes('/revision/')) {
      return json({
        _id: '1',
        id: 'owner/repo',
        sha: 'c0ffee',
        gated: this.gated,
        private: false,
        likes: 0,
        downloads: 0,
        lastModified: '2026-01-01T00:00:00.000Z',
        cardData: { license: 'apache-2.0' },
      });
    }
    const entries = [...this.files].map(([path, { body, listed }]) => ({
      type: 'file',
      oid: 'f00',
      path,
      size: listed?.size ?? body.length,
      lfs: { oid: listed?.sha256 ?? sha256(body), size: listed?.size ?? body.length, pointerSize: 134 },
    }));
    // Two pages, as the hub sends long listings.
    const page = Number(url.searchParams.get('cursor') ?? 0);
    const half = Math.ceil(entries.length / 2);
    if (page === 0 && entries.length > 1) {
      response.setHeader('link', `<${this.url}${url.pathname}?cursor=1>; rel="next"`);
      return json([{ type: 'directory', oid: 'd00', path: 'folder', size: 0 }, ...entries.slice(0, half)]);
    }
    json(entries.length > 1 ? entries.slice(half) : entries);
  }

  async #send(path: string, file: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const mood = this.#mood(path);
    const headers: Record<string, string | number> = { etag: file.etag, 'accept-ranges': 'bytes' };
    if (mood.status !== undefined) {
      if (mood.retryAfter !== undefined) headers['retry-after'] = mood.retryAfter;
      return void response.writeHead(mood.status, headers).end('<html>no</html>');
    }
    const range = mood.noRanges ? null : /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    if (range && from >= file.body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${file.body.length}` }).end();
    }
    const end = range?.[2] ? Number(range[2]) + 1 : file.body.length;
    if (range) headers['content-range'] = `bytes ${from}-${end - 1}/${file.body.length}`;
    headers['content-length'] = end - from;
    response.writeHead(range ? 206 : 200, headers);

    const stop = Math.min(end, from + Math.min(mood.cutAfter ?? Infinity, mood.silentAfter ?? Infinity));
    const step = mood.slow ? Math.ceil(mood.slow / 20) : 256 * 1024;
    let at = from;
    while (at < stop && !response.destroyed) {
      const next = Math.min(stop, at + step);
      // The callback confirms that the bytes were sent. Without it, those after a cut would count.
      await new Promise<void>((done) => response.write(file.body.subarray(at, next), () => done()));
      at = next;
      if (mood.slow) await new Promise((done) => setTimeout(done, 50));
    }
    this.sent.push({ path, from, bytes: at - from });
    if (at === end) response.end();
    // A reader that learns of the end loses what it has not taken yet, so it gets time to take it.
    else if (mood.silentAfter === undefined) setTimeout(() => response.socket?.end(), 300);
  }

  #mood(path: string): Mood {
    const mood = this.moods.get(path);
    if (!mood) return {};
    if (mood.times !== undefined && --mood.times <= 0) this.moods.delete(path);
    return mood;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
