import { createSHA256, type IHasher } from 'hash-wasm';
import { EngineError } from '../engines/contract.ts';
import { type ByteAnswer, requestFrom, TemporaryRefusal } from './byte_request.ts';
import type { ModelStore, OpenFile, RemoteFile, StoredEntry } from './model_store.ts';
import { pause } from './pause.ts';
import { TransferRate } from './transfer_rate.ts';

export interface TransferProgress {
  readonly receivedBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | null;
  /** Why nothing arrives at this moment; null while something does. */
  readonly waiting: string | null;
}

export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TransferProgress) => void;
  /** Tests give their own. */
  readonly fetch?: typeof fetch;
  /** Milliseconds: the first pause after a failure (doubled each time), and how long silence is borne. */
  readonly firstPause?: number;
  readonly silence?: number;
}

/** Failures in a row, without one byte between them, after which the download rests until it is continued by hand. */
const ATTEMPTS = 6;
const REHASH_BYTES = 4 * 1024 * 1024;

/**
 * Brings a file from the network into an open file, from where that stands to the end, over as many connections as it
 * takes. What has arrived is never asked for again, unless the server's file is another one now.
 */
export class Transfer {
  readonly #rate = new TransferRate();
  #hasher: IHasher | null = null;
  #total: number | null;
  #etag: string | null;
  /** Whether bytes of this file have been given away: then it may not change any more. */
  #begun = false;

  constructor(
    readonly remote: RemoteFile,
    readonly key: string,
    readonly store: ModelStore,
    readonly file: OpenFile,
    entry: StoredEntry | null,
    readonly options: TransferOptions,
  ) {
    this.#total = remote.size ?? entry?.size ?? null;
    this.#etag = entry?.etag ?? null;
  }

  /** Null until the server or a listing told it. */
  get total(): number | null {
    return this.#total;
  }

  /**
   * @param onBytes called after each piece, when `file.size` has grown
   * @throws EngineError `network`, `bad-file`, `bad-reply`, `storage-full`, `aborted`; what arrived stays in the file,
   * except where it proved wrong
   */
  async run(onBytes: () => void): Promise<void> {
    await this.#rehash();
    for (let failures = 0; ;) {
      this.#report(null);
      if (this.#total !== null && this.file.size === this.#total) break;
      const before = this.file.size;
      try {
        await this.#connect(onBytes);
      } catch (error) {
        if (this.options.signal.aborted) throw this.#stopped(error);
        if (error instanceof EngineError) throw error;
        failures = this.file.size > before ? 1 : failures + 1;
        if (failures >= ATTEMPTS) throw this.#givenUp(error);
        await this.#rest(failures, error);
      }
    }
    await this.#verify();
  }

  async #connect(onBytes: () => void): Promise<void> {
    // Silence ends the connection, so that a network that went away without a word is noticed.
    const quiet = new AbortController();
    const { silence = 30_000, fetch: get = fetch.bind(globalThis) } = this.options;
    let timer = setTimeout(() => quiet.abort(), silence);
    const signal = AbortSignal.any([this.options.signal, quiet.signal]);
    try {
      const answer = await requestFrom(this.remote, this.file.size, get, signal);
      await this.#accept(answer);
      onBytes();
      const reader = answer.body.getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(timer);
        if (this.file.size + piece.value.length > this.#total!) {
          await reader.cancel();
          throw this.#wrong(`longer than its ${this.#total} bytes`);
        }
        this.file.append(piece.value);
        this.#hasher?.update(piece.value);
        this.#rate.add(performance.now(), this.file.size);
        this.#report(null);
        onBytes();
        this.options.signal.throwIfAborted();
        timer = setTimeout(() => quiet.abort(), silence);
      }
    } finally {
      clearTimeout(timer);
      quiet.abort();
    }
    if (this.file.size < this.#total!) throw new Error('the connection ended early');
  }

  /** Holds an answer's head against what is known, and makes the file stand where the answer begins. */
  async #accept(answer: ByteAnswer): Promise<void> {
    const { fileName, url } = this.remote;
    const total = answer.total ?? this.#total;
    if (total === null) {
      await answer.body.cancel();
      throw new EngineError(
        'bad-reply',
        `${new URL(url).host} does not say how large ${fileName} is; please download the file and open it from the disk.`,
      );
    }
    if (this.remote.size !== undefined && total !== this.remote.size) {
      await answer.body.cancel();
      throw this.#wrong(`${total} bytes on the server instead of ${this.remote.size}`);
    }
    const changed =
      (this.#total !== null && total !== this.#total) ||
      (answer.etag !== null && this.#etag !== null && answer.etag !== this.#etag);
    if (this.file.size > 0 && (changed || answer.start !== this.file.size)) {
      if (changed && this.#begun) {
        await answer.body.cancel();
        throw this.#wrong('another one on the server than when it was begun');
      }
      await this.#startAgain(answer);
    }
    this.#begun = true;
    if (this.#total !== total || this.#etag !== answer.etag) {
      this.#total = total;
      this.#etag = answer.etag;
      await this.store.saveEntry(this.key, this.entry(false, false));
    }
  }

  async #startAgain(answer: ByteAnswer): Promise<void> {
    this.file.empty();
    this.#hasher?.init();
    this.#rate.restart();
    if (answer.start === 0) return;
    // The answer is the rest of a file that is not the one whose beginning is here.
    this.#etag = null;
    this.#total = this.remote.size ?? null;
    await answer.body.cancel();
    throw new Error('the file changed on the server');
  }

  entry(complete: boolean, verified: boolean): StoredEntry {
    const { url, fileName, sha256 = null } = this.remote;
    return { url, fileName, size: this.#total!, sha256, etag: this.#etag, complete, verified };
  }

  /** The hash of what an earlier visit left: read from the disk, so that the disk is held to it as well. */
  async #rehash(): Promise<void> {
    if (this.#total !== null && this.file.size > this.#total) this.file.empty();
    if (this.remote.sha256 === undefined) return;
    this.#hasher = await createSHA256();
    for (let at = 0; at < this.file.size; at += REHASH_BYTES) {
      this.#hasher.update(this.file.read(at, Math.min(REHASH_BYTES, this.file.size - at)));
      await pause(0);
      this.options.signal.throwIfAborted();
    }
  }

  async #verify(): Promise<void> {
    const digest = this.#hasher?.digest('hex');
    if (digest !== undefined && digest !== this.remote.sha256) {
      throw this.#wrong('not the file that was listed: its SHA-256 differs');
    }
    await this.store.saveEntry(this.key, this.entry(true, digest !== undefined));
  }

  /** Nothing of a file that proved wrong is worth keeping. */
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
    await pause(wait, signal).catch((cause: unknown) => {
      throw this.#stopped(cause);
    });
  }

  #report(waiting: string | null): void {
    this.options.onProgress({
      receivedBytes: this.file.size,
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
    const stands = `${this.file.size} of ${this.#total ?? 'an unknown number of'} bytes are kept`;
    return new EngineError(
      'network',
      this.file.size > 0
        ? `${new URL(url).host} can no longer be reached for ${fileName}; ${stands}, so continue when the network is back.`
        : `${new URL(url).host} cannot be reached for ${fileName}; check the connection, and that the server allows other pages to read it (CORS).`,
      { cause },
    );
  }
}
