import { createSHA256, type IHasher } from 'hash-wasm';
import { EngineError } from '../engines/contract.ts';
import { orAborted } from './abortable.ts';
import { type ByteAnswer, NoSuchPart, requestFrom, TemporaryRefusal } from './byte_request.ts';
import type { ModelStore, RemoteFile, StoredEntry } from './model_store.ts';
import { pause } from './pause.ts';
import { storageError } from './storage_error.ts';
import type { StoredFile } from './stored_file.ts';
import { TransferRate } from './transfer_rate.ts';

export interface TransferProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | null;
  /** Why no bytes arrive at the moment; null while some do. */
  readonly waiting: string | null;
}

export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TransferProgress) => void;
  /** For tests. */
  readonly fetch?: typeof fetch;
  /** Milliseconds: the first pause after a failure (doubled each time), and the longest silence before the connection is cut. */
  readonly firstPause?: number;
  readonly silence?: number;
}

/** Consecutive failures without one byte in between, after which the download pauses until the visitor continues it. */
const ATTEMPTS = 6;
const REHASH_BYTES = 4 * 1024 * 1024;

/**
 * Downloads a file into an open file, from the present end to the last byte, over as many connections as needed. It requests no byte
 * again that has arrived, unless the file on the server has changed, or the server sends no parts.
 */
export class Transfer {
  readonly #rate = new TransferRate();
  #hasher: IHasher | null = null;
  #total: number | null;
  #etag: string | null;
  /** Whether a reader may have seen bytes of this file: then it must not change any more. */
  #begun = false;
  /** False after the server had no such part: then the whole file is requested. */
  #inParts = true;

  constructor(
    readonly remote: RemoteFile,
    readonly key: string,
    readonly store: ModelStore,
    readonly file: StoredFile,
    private readonly known: StoredEntry | null,
    readonly options: TransferOptions,
  ) {
    this.#total = remote.size ?? known?.size ?? null;
    this.#etag = known?.etag ?? null;
  }

  /** Null until the server or a listing gives it. */
  get total(): number | null {
    return this.#total;
  }

  /**
   * @param onBegun called when the size is known and bytes may be read
   * @throws EngineError `network`, `bad-file`, `bad-reply`, `storage-full`, `aborted`; the file keeps what arrived, unless that
   * proved wrong
   */
  async run(onBegun: () => void): Promise<void> {
    try {
      await this.#rehash();
      for (let failures = 0; ;) {
        this.#report(null);
        if (this.#total !== null && this.file.present === this.#total) break;
        const before = this.file.present;
        try {
          await this.#connect(onBegun);
        } catch (error) {
          this.options.signal.throwIfAborted();
          if (error instanceof EngineError) throw error;
          if (error instanceof NoSuchPart && this.#inParts) {
            this.#inParts = false;
            continue;
          }
          failures = this.file.present > before ? 1 : failures + 1;
          if (failures >= ATTEMPTS) throw this.#givenUp(error);
          await this.#rest(failures, error);
        }
      }
      onBegun();
      await this.#verify();
    } catch (error) {
      throw this.options.signal.aborted && !(error instanceof EngineError) ? this.#stopped(error) : error;
    }
  }

  async #connect(onBegun: () => void): Promise<void> {
    // Silence cuts the connection, so that a network that vanished without an error is noticed.
    const quiet = new AbortController();
    const { silence = 30_000, fetch: get = fetch.bind(globalThis) } = this.options;
    let timer = setTimeout(() => quiet.abort(), silence);
    const signal = AbortSignal.any([this.options.signal, quiet.signal]);
    try {
      const answer = await orAborted(
        requestFrom(this.remote, this.#inParts ? this.file.present : 0, get, signal),
        signal,
      );
      await this.#accept(answer);
      onBegun();
      const reader = answer.body.getReader();
      const read = () => orAborted(reader.read(), signal);
      let at = answer.start;
      for (let piece = await read(); !piece.done; piece = await read()) {
        clearTimeout(timer);
        this.#take(piece.value, at);
        at += piece.value.length;
        this.options.signal.throwIfAborted();
        timer = setTimeout(() => quiet.abort(), silence);
      }
    } finally {
      clearTimeout(timer);
      // Releases the connection in every case.
      quiet.abort();
    }
    if (this.file.present < this.#total!) throw new Error('the connection ended early');
  }

  /** @param at offset of the piece in the file; before the present end if the server sent more than was requested */
  #take(piece: Uint8Array<ArrayBuffer>, at: number): void {
    if (at + piece.length > this.#total!) throw this.#wrong(`longer than its ${this.#total} bytes`);
    const known = Math.min(piece.length, this.file.present - at);
    if (known > 0) {
      const here = this.file.written(at, known);
      if (here.some((byte, i) => byte !== piece[i])) throw this.#changed();
    }
    if (known === piece.length) return this.#report('the server sends it from its beginning');
    const fresh = piece.subarray(known);
    this.file.append(fresh);
    this.#hasher?.update(fresh);
    this.#rate.add(performance.now(), this.file.present);
    this.#report(null);
  }

  /** Compares an answer's headers with what is known of the file, and starts again if the file is another one. */
  async #accept(answer: ByteAnswer): Promise<void> {
    const { fileName, url } = this.remote;
    const total = answer.total ?? this.#total;
    if (total === null) {
      throw new EngineError(
        'bad-reply',
        `${new URL(url).host} does not say how large ${fileName} is; please download the file and open it from the disk.`,
      );
    }
    if (this.remote.size !== undefined && total !== this.remote.size) {
      throw this.#wrong(`${total} bytes on the server instead of ${this.remote.size}`);
    }
    if (this.file.present > 0 && this.#isAnother(answer, total)) {
      if (this.#begun) throw this.#changed();
      this.#forget();
      // The answer continues a file whose beginning is not the one that is here.
      if (answer.start > 0) throw new NoSuchPart('the file changed on the server');
    }
    this.#begun = true;
    if (answer.start === 0) this.#inParts = true;
    // An answer without an ETag does not contradict the known one.
    const etag = answer.etag ?? this.#etag;
    if (this.#total !== total || this.#etag !== etag) {
      this.#total = total;
      this.#etag = etag;
      await this.#save(false, false);
    }
  }

  /** ETags are compared weakly: one server's `"x"` is `W/"x"` behind another cache. A known SHA-256 is stronger evidence. */
  #isAnother({ etag }: ByteAnswer, total: number): boolean {
    if (this.#total !== null && total !== this.#total) return true;
    if (this.remote.sha256 !== undefined || etag === null || this.#etag === null) return false;
    return opaque(etag) !== opaque(this.#etag);
  }

  #forget(): void {
    this.file.empty();
    this.#hasher?.init();
    this.#rate.restart();
    this.#etag = null;
    this.#total = this.remote.size ?? null;
  }

  async #save(complete: boolean, verified: boolean): Promise<void> {
    const { url, fileName, sha256 = null } = this.remote;
    const entry = { url, fileName, size: this.#total!, sha256, etag: this.#etag, complete, verified };
    try {
      await orAborted(this.store.saveEntry(this.key, entry), this.options.signal);
    } catch (cause) {
      this.options.signal.throwIfAborted();
      throw storageError(fileName, cause);
    }
  }

  /** Hashes what an earlier visit left. It reads from the disk, so that errors of the disk are found as well. */
  async #rehash(): Promise<void> {
    const { sha256 } = this.remote;
    const unknown = sha256 === undefined && this.known === null;
    if (unknown || (this.#total !== null && this.file.present > this.#total)) this.file.empty();
    if (sha256 === undefined) return;
    this.#hasher = await createSHA256();
    for (let at = 0; at < this.file.present; at += REHASH_BYTES) {
      this.#hasher.update(this.file.written(at, Math.min(REHASH_BYTES, this.file.present - at)));
      await pause(0, this.options.signal);
    }
  }

  async #verify(): Promise<void> {
    const digest = this.#hasher?.digest('hex');
    if (digest !== undefined && digest !== this.remote.sha256) {
      throw this.#wrong('not the file that was listed: its SHA-256 differs');
    }
    await this.#save(true, digest !== undefined);
  }

  #changed(): EngineError {
    return this.#wrong('another one on the server than when it was begun');
  }

  /** Discards the file: nothing of a file that proved wrong is worth keeping. */
  #wrong(what: string): EngineError {
    this.file.empty();
    return new EngineError(
      'bad-file',
      `${this.remote.fileName} is ${what}; it was not kept, so please try again or choose another file.`,
    );
  }

  async #rest(failures: number, error: unknown): Promise<void> {
    const { firstPause = 500, signal } = this.options;
    const asked = error instanceof TemporaryRefusal ? error.waitMs : null;
    const wait = Math.min(asked ?? firstPause * 2 ** (failures - 1), 60_000);
    this.#rate.restart();
    this.#report(error instanceof TemporaryRefusal ? 'the server is busy' : 'the connection broke');
    await pause(wait, signal);
  }

  #report(waiting: string | null): void {
    this.options.onProgress({
      receivedBytes: this.file.present,
      totalBytes: this.#total ?? 0,
      bytesPerSecond: this.#rate.bytesPerSecond,
      waiting,
    });
  }

  #stopped(cause: unknown): EngineError {
    return new EngineError('aborted', `The download of ${this.remote.fileName} is paused.`, { cause });
  }

  #givenUp(cause: unknown): EngineError {
    const { fileName, url } = this.remote;
    if (cause instanceof TemporaryRefusal) return new EngineError('network', cause.message, { cause });
    const stands = `${this.file.present} of ${this.#total ?? 'an unknown number of'} bytes are kept`;
    return new EngineError(
      'network',
      this.file.present > 0
        ? `${new URL(url).host} can no longer be reached for ${fileName}; ${stands}, so continue when the network is back.`
        : `${new URL(url).host} cannot be reached for ${fileName}; check the connection, and that the server allows other pages to read it (CORS).`,
      { cause },
    );
  }
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
