import type { Buffers } from './buffers.ts';
import type { Waiting } from './waiting.ts';

/** A word on the GPU that has this value since the work began whose results are read. */
export interface Mark {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  readonly value: number;
}

/**
 * Brings results to the CPU through staging buffers that are made once. While one is mapped the next step may
 * already be copying into another.
 */
export class Readback {
  readonly #buffers: Buffers;
  readonly #waiting: Waiting;
  readonly #free: GPUBuffer[] = [];
  readonly #label: string;
  readonly #size: number;

  /** @param size bytes that one reading can hold */
  constructor(buffers: Buffers, waiting: Waiting, label: string, size: number) {
    this.#buffers = buffers;
    this.#waiting = waiting;
    this.#label = label;
    this.#size = size;
  }

  /**
   * Records the copy of `bytes` bytes from `source`; call `read` of what it returns after the submit.
   * @param mark is copied behind them: a submit that the device refused leaves the staging buffer as it was, zeros or old
   *   results, and that shows
   */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, bytes: number, mark: Mark): PendingRead {
    const staging = this.#free.pop() ?? this.#buffers.readback(this.#label, this.#size + 4);
    if (bytes > 0) encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
    encoder.copyBufferToBuffer(mark.buffer, mark.offset, staging, bytes, 4);
    return { read: () => this.#read(staging, bytes, mark.value) };
  }

  async #read(staging: GPUBuffer, bytes: number, mark: number): Promise<Float32Array<ArrayBuffer>> {
    await this.#waiting(staging.mapAsync(GPUMapMode.READ, 0, bytes + 4));
    const mapped = staging.getMappedRange(0, bytes + 4);
    const copy = new Float32Array(mapped.slice(0, bytes));
    const [found] = new Uint32Array(mapped, bytes, 1);
    staging.unmap();
    this.#free.push(staging);
    if (found !== mark) throw new Error('the results are not those of this submit');
    return copy;
  }
}

export interface PendingRead {
  /**
   * @returns the bytes as floats, in an array of their own
   * @throws when the map fails, or the work did not take place
   */
  read(): Promise<Float32Array<ArrayBuffer>>;
}
