import type { ByteSource } from '../contract.ts';

/**
 * Serves reads at ascending offsets, of any size, from requests of at least `window` bytes. A hundred small tensors between
 * large ones thus need no request each, and nothing is fetched twice.
 */
export class ReadAhead {
  readonly #source: ByteSource;
  readonly #end: number;
  readonly #window: number;
  readonly #signal: AbortSignal | undefined;
  #held = new Uint8Array(0);
  #heldFrom = 0;

  /** @param end no read goes past this offset */
  constructor(source: ByteSource, end: number, window: number, signal?: AbortSignal) {
    this.#source = source;
    this.#end = end;
    this.#window = window;
    this.#signal = signal;
  }

  /** @returns exactly `length` bytes from `offset`; use them before the next read */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const start = offset - this.#heldFrom;
    const held =
      start >= 0 && start <= this.#held.length ? this.#held.subarray(start) : this.#held.subarray(0, 0);
    if (held.length >= length) return held.subarray(0, length);
    const from = offset + held.length;
    const missing = length - held.length;
    const fetched = await this.#source.read(
      from,
      Math.max(missing, Math.min(this.#window, this.#end - from)),
      this.#signal,
    );
    this.#held = fetched;
    this.#heldFrom = from;
    if (held.length === 0) return fetched.subarray(0, length);
    const joined = new Uint8Array(length);
    joined.set(held);
    joined.set(fetched.subarray(0, missing), held.length);
    return joined;
  }
}
