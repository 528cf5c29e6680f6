import type { Buffers } from './buffers.ts';
import type { Waiting } from './waiting.ts';

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

  /** Records the copy of `bytes` bytes from `source`; call `read` of what it returns after the submit. */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, bytes: number): PendingRead {
    const staging = this.#free.pop() ?? this.#buffers.readback(this.#label, this.#size);
    encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
    return { read: () => this.#read(staging, bytes) };
  }

  async #read(staging: GPUBuffer, bytes: number): Promise<Float32Array<ArrayBuffer>> {
    await this.#waiting(staging.mapAsync(GPUMapMode.READ, 0, bytes));
    const copy = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
    staging.unmap();
    this.#free.push(staging);
    return copy;
  }
}

export interface PendingRead {
  /** @returns the bytes as floats, in an array of their own */
  read(): Promise<Float32Array<ArrayBuffer>>;
}
