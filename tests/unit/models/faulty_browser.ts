/** A browser whose storage or network fails, hangs, answers late or is stopped at one chosen call, and works otherwise. */
import type { ModelStore, OpenFile } from '../../../src/models/model_store.ts';

export type Fault =
  /** The call rejects or throws with a browser's error. */
  | 'fails'
  /** The call is never answered, and does nothing. */
  | 'hangs'
  /** The call is done and answered after the visitor has stopped waiting. */
  | 'late'
  /** The visitor pauses at this call. */
  | 'stopped';

const NAMES = [
  'UnknownError',
  'QuotaExceededError',
  'InvalidStateError',
  'NotFoundError',
  'NoModificationAllowedError',
];

export class FaultyBrowser {
  readonly stop = new AbortController();
  calls = 0;
  /** The call that went wrong, or null. */
  hit: string | null = null;

  /** @param at the number of the call that goes wrong, from 1 on */
  constructor(
    private readonly at: number,
    private readonly fault: Fault,
  ) {}

  store(whole: ModelStore): ModelStore {
    return {
      keys: () => this.#call('keys', () => whole.keys()),
      entry: (key) => this.#call('entry', () => whole.entry(key)),
      saveEntry: (key, entry) => this.#call('saveEntry', () => whole.saveEntry(key, entry)),
      open: (key) => this.#call('open', async () => this.#file(await whole.open(key))),
      blob: (key) => this.#call('blob', () => whole.blob(key)),
      remove: (key) => this.#call('remove', () => whole.remove(key)),
    };
  }

  fetch(whole: typeof fetch): typeof fetch {
    return (input, init) =>
      this.#call(
        'fetch',
        async () => {
          const response = await whole(input, init);
          return new Response(response.body && this.#body(response.body), response);
        },
        init?.signal,
      );
  }

  #file(file: OpenFile): OpenFile {
    return {
      get size() {
        return file.size;
      },
      append: (bytes) => this.#now('append', () => file.append(bytes)),
      read: (offset, length) => this.#now('read', () => file.read(offset, length)),
      empty: () => this.#now('empty', () => file.empty()),
      close: () => {
        // The platform promises to close the handle even if it could not write everything.
        file.close();
        this.#now('close', () => undefined);
      },
    };
  }

  #body(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    return new ReadableStream(
      {
        pull: (controller) =>
          this.#call('piece', async () => {
            const piece = await reader.read();
            if (piece.done) controller.close();
            else controller.enqueue(piece.value);
          }),
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** A call that is answered at once cannot hang. */
  #now<T>(name: string, work: () => T): T {
    if (this.#comes(name) === 'fails') throw this.#error();
    return work();
  }

  /** @param signal ends the call, if the platform's call takes one */
  async #call<T>(name: string, work: () => Promise<T>, signal?: AbortSignal | null): Promise<T> {
    const fault = this.#comes(name);
    if (fault === 'fails') throw this.#error();
    if (fault !== 'hangs' && fault !== 'late') return work();
    const ended = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
    const stopped = new Promise<void>((resolve) => {
      if (this.stop.signal.aborted) setTimeout(resolve);
      this.stop.signal.addEventListener('abort', () => setTimeout(resolve));
    });
    if (fault === 'hangs') return ended;
    return Promise.race([ended, stopped.then(work)]);
  }

  #comes(name: string): Fault | null {
    if (++this.calls !== this.at) return null;
    this.hit = name;
    if (this.fault === 'stopped') this.stop.abort();
    return this.fault;
  }

  #error(): DOMException {
    return new DOMException('Failed to do it', NAMES[this.at % NAMES.length]!);
  }
}
