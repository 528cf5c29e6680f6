import { type ByteSource, EngineError } from '../contract.ts';
import { HEADER_CHUNK_BYTES, MAX_HEADER_BYTES } from './header_bounds.ts';

/**
 * Reads a source from the front, one chunk at a time, and forgets what was read. Callers await `ensure` only when the
 * chunk has run out, so that a list of 256 k strings costs a dozen awaits and not 256 k.
 */
export class HeaderCursor {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #text = new TextDecoder('utf-8', { ignoreBOM: true });
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #view = new DataView(this.#chunk.buffer);
  /** Where the chunk begins in the file. */
  #chunkOffset = 0;
  #index = 0;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Position in the file. */
  get offset(): number {
    return this.#chunkOffset + this.#index;
  }

  /** Bytes from here to the end of the file. */
  get remaining(): number {
    return this.#source.size - this.offset;
  }

  /** Whether `bytes` more can be read without awaiting `ensure`. */
  has(bytes: number): boolean {
    return this.#index + bytes <= this.#chunk.length;
  }

  /**
   * Fetches until `bytes` more can be read.
   * @param what names what is being read, for the message
   * @throws EngineError `bad-file` if the file ends before that, or the header exceeds MAX_HEADER_BYTES
   */
  async ensure(bytes: number, what: string): Promise<void> {
    if (this.has(bytes)) return;
    if (bytes > this.remaining) {
      throw new EngineError(
        'bad-file',
        `${this.#source.name} ends at byte ${this.#source.size}, inside ${what}; it is incomplete, so please download it again.`,
      );
    }
    const offset = this.offset;
    if (offset + bytes > MAX_HEADER_BYTES) {
      throw new EngineError(
        'bad-file',
        `${this.#source.name}: the header goes on past ${MAX_HEADER_BYTES} bytes at ${what}; the file is damaged.`,
      );
    }
    const length = Math.min(this.remaining, Math.max(bytes, HEADER_CHUNK_BYTES));
    this.#chunk = await this.#source.read(offset, length, this.#signal);
    this.#view = new DataView(this.#chunk.buffer, this.#chunk.byteOffset, this.#chunk.byteLength);
    this.#chunkOffset = offset;
    this.#index = 0;
  }

  // The readers below rely on `ensure`. A DataView throws RangeError past its end, which would be a defect of ours.

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  i8(): number {
    return this.#view.getInt8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#advance(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Unsigned 64 bits as a double: exact below 2^53, and above it still larger than every bound. */
  u64(): number {
    const at = this.#advance(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  i64(): number {
    const at = this.#advance(8);
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  /** Decodes this many bytes of UTF-8; invalid bytes become U+FFFD. A byte order mark is text: vocabularies contain it. */
  text(bytes: number): string {
    const at = this.#advance(bytes);
    return this.#text.decode(this.#chunk.subarray(at, at + bytes));
  }

  #advance(bytes: number): number {
    const at = this.#index;
    this.#index += bytes;
    return at;
  }
}
