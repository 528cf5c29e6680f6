import type { Buffers } from './buffers.ts';
import type { Waiting } from './waiting.ts';

/** A word on the GPU that holds `value` when the submit runs whose results are read. */
export interface Mark {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  readonly value: number;
}

/**
 * Copies results to the CPU through staging buffers, which are created once and reused. While one is mapped, the next step can
 * already copy into another.
 */
export class Readback {
  readonly #buffers: Buffers;
  readonly #waiting: Waiting;
  readonly #free: GPUBuffer[] = [];
  readonly #label: string;
  readonly #size: number;

  /** @param size largest size of one result, in bytes */
  constructor(buffers: Buffers, waiting: Waiting, label: string, size: number) {
    this.#buffers = buffers;
    this.#waiting = waiting;
    this.#label = label;
    this.#size = size;
  }

  /**
   * Records the copy of `bytes` bytes from `source`. Call `read` of the returned object after the submit.
   * @param mark is copied after the results. If the device refuses a submit, the staging buffer keeps zeros or old results;
   *   comparing the mark detects that
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
   * @returns the bytes as floats, in a new array
   * @throws if the map fails, or the device did not do the work
   */
  read(): Promise<Float32Array<ArrayBuffer>>;
}
