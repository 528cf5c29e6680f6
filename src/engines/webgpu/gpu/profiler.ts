import type { Buffers } from './buffers.ts';

/** Maximum of dispatches in one profiled plan. */
const MAX_PASSES = 2048;

/** Measures the GPU time of each kernel by timestamps around its own pass. Profiled runs are slower; needs `timestamp-query`. */
export class Profiler {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  #labels: string[] = [];

  constructor(device: GPUDevice, buffers: Buffers) {
    this.#device = device;
    const size = MAX_PASSES * 2 * 8;
    this.#queries = device.createQuerySet({ label: 'profiler', type: 'timestamp', count: MAX_PASSES * 2 });
    this.#resolved = device.createBuffer({
      label: 'profiler',
      size,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.#staging = buffers.readback('profiler', size);
  }

  /** Descriptor of the next timed pass. */
  pass(label: string): GPUComputePassDescriptor {
    const at = this.#labels.length * 2;
    if (at >= MAX_PASSES * 2) return {};
    this.#labels.push(label);
    return {
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: at,
        endOfPassWriteIndex: at + 1,
      },
    };
  }

  /** @returns milliseconds by label, over the passes since the last call; those passes must have been submitted */
  async collect(): Promise<Map<string, number>> {
    const labels = this.#labels;
    this.#labels = [];
    const encoder = this.#device.createCommandEncoder({ label: 'profiler' });
    encoder.resolveQuerySet(this.#queries, 0, labels.length * 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, labels.length * 16);
    this.#device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(GPUMapMode.READ, 0, labels.length * 16);
    const times = new BigInt64Array(this.#staging.getMappedRange(0, labels.length * 16).slice(0));
    this.#staging.unmap();
    const milliseconds = new Map<string, number>();
    labels.forEach((label, i) => {
      const spent = Number(times[2 * i + 1]! - times[2 * i]!) / 1e6;
      milliseconds.set(label, (milliseconds.get(label) ?? 0) + spent);
    });
    return milliseconds;
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
  }
}
