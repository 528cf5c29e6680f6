import { type ByteSource, EngineError } from '../engines/contract.ts';
import type { OpenFile } from './model_store.ts';
import { storageError } from './storage_error.ts';

/**
 * The state of a file. Only `arriving` holds a handle, and the step that leaves it closes the handle, so no read can use a closed
 * handle.
 */
type State =
  | { readonly is: 'arriving'; readonly file: OpenFile }
  /** Every byte is here and the handle is closed; the store is opening the bytes as a blob. Reads wait. */
  | { readonly is: 'turning' }
  | { readonly is: 'complete'; readonly blob: Blob }
  /** The download ended early, or its bytes were wrong. */
  | { readonly is: 'failed'; readonly error: EngineError }
  /** It was complete, and was then deleted. */
  | { readonly is: 'gone'; readonly error: EngineError };

interface Waiter {
  /** Number of bytes that must be here. */
  readonly until: number;
  readonly wake: () => void;
}

/** A model's file in the store, which is read while it is written. This class holds all its states and every change of state. */
export class StoredFile {
  #state: State;
  #waiters: Waiter[] = [];

  /**
   * @param stands an open file that is still written, or the blob of a complete one
   * @param reopen opens the file as the store has it now; null if there is none
   */
  constructor(
    readonly name: string,
    stands: { readonly file: OpenFile } | { readonly blob: Blob },
    private readonly reopen: () => Promise<Blob | null>,
  ) {
    this.#state = 'file' in stands ? { is: 'arriving', ...stands } : { is: 'complete', ...stands };
  }

  /** Number of bytes here; 0 once the file is no longer written. */
  get present(): number {
    return this.#state.is === 'arriving' ? this.#state.file.size : 0;
  }

  /** @throws EngineError `storage-full`; or the error that ended the file if it is no longer written */
  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#written((file) => file.append(bytes));
    this.#wake(this.present);
  }

  /** Discards all bytes. Nobody may have read any of them. */
  empty(): void {
    this.#written((file) => file.empty());
  }

  /** Reads bytes of a file that is still written; they must be here. */
  written(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#written((file) => file.read(offset, length));
  }

  /**
   * Call when every byte is here: from now on reads use the store's copy.
   * @param size of the whole file, in bytes
   * @throws EngineError
   */
  async finish(size: number): Promise<void> {
    try {
      this.#enter({ is: 'turning' });
      const blob = await this.reopen();
      if (blob?.size !== size) throw this.#deleted();
      this.#enter({ is: 'complete', blob });
    } catch (cause) {
      const error = storageError(this.name, cause);
      this.fail(error);
      throw error;
    }
  }

  /** Ends the file in any state; only the first end counts. Reads that wait, and all later ones, reject with `error`. */
  fail(error: EngineError): void {
    if (this.#ending()) return;
    try {
      this.#enter({ is: 'failed', error });
    } catch {
      // The handle could not write the last bytes; the error that ended the file says more.
    }
  }

  /** @param size of the whole file, in bytes */
  source(size: number): ByteSource {
    return {
      name: this.name,
      size,
      read: async (offset, length, signal) => {
        if (!(offset >= 0 && length >= 0 && offset + length <= size))
          throw this.#outside(size, offset, length);
        return this.#read(offset, length, size, signal);
      },
    };
  }

  async #read(
    offset: number,
    length: number,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    for (let failures = 0; ;) {
      if (signal?.aborted) throw new EngineError('aborted', `Reading ${this.name} was stopped.`);
      const state = this.#state;
      switch (state.is) {
        case 'failed':
        case 'gone':
          throw state.error;
        case 'arriving':
          // There must be no `await` between this check of the state and the read.
          if (offset + length <= state.file.size) return this.written(offset, length);
          break;
        case 'complete':
          try {
            return new Uint8Array(await state.blob.slice(offset, offset + length).arrayBuffer());
          } catch (cause) {
            if (++failures > 1) throw storageError(this.name, cause);
            await this.#renew(state.blob, size);
          }
          continue;
        case 'turning':
      }
      await this.#change(offset + length, signal);
    }
  }

  /** Replaces a blob that can no longer be read by a fresh one. If the file no longer exists, the state becomes `gone`. */
  async #renew(stale: Blob, size: number): Promise<void> {
    const blob = await this.reopen().catch(() => null);
    // Another read may have replaced it first.
    if (this.#state.is !== 'complete' || this.#state.blob !== stale) return;
    this.#enter(blob?.size === size ? { is: 'complete', blob } : { is: 'gone', error: this.#deleted() });
  }

  /** Resolves when the state changes, or `until` bytes are here. */
  #change(until: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        this.#waiters = this.#waiters.filter((waiter) => waiter.wake !== wake);
        resolve();
      };
      this.#waiters.push({ until, wake });
      signal?.addEventListener('abort', wake);
    });
  }

  /** The one place where the state changes. */
  #enter(next: State): void {
    const left = this.#state;
    this.#state = next;
    this.#wake(Infinity);
    if (left.is === 'arriving') left.file.close();
  }

  #wake(present: number): void {
    for (const { until, wake } of [...this.#waiters]) if (until <= present) wake();
  }

  #written<T>(work: (file: OpenFile) => T): T {
    if (this.#state.is !== 'arriving') {
      throw this.#ending() ?? new EngineError('aborted', `The download of ${this.name} has ended.`);
    }
    try {
      return work(this.#state.file);
    } catch (cause) {
      throw storageError(this.name, cause);
    }
  }

  #ending(): EngineError | null {
    return this.#state.is === 'failed' || this.#state.is === 'gone' ? this.#state.error : null;
  }

  #deleted(): EngineError {
    return new EngineError(
      'bad-file',
      `${this.name} can no longer be read from this browser’s storage; it was deleted, so please load it again.`,
    );
  }

  #outside(size: number, offset: number, length: number): EngineError {
    return new EngineError(
      'bad-file',
      `${this.name} is ${size} bytes long, so ${length} bytes from ${offset} are not in it; it is incomplete, so please delete it and download it again.`,
    );
  }
}
