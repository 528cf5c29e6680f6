import { EngineError } from '../../contract.ts';

/**
 * Creates, labels, counts and destroys the buffers of one device. A label begins with the kind of its bytes (`weights:`, `kv:`,
 * `scratch:`, `readback:`); the counters and the machine view rely on that.
 */
export class Buffers {
  readonly #device: GPUDevice;
  readonly #all = new Set<GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Storage of `size` bytes, rounded up to 4 and zeroed. */
  storage(label: string, size: number): GPUBuffer {
    return this.#create(
      label,
      size,
      GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    );
  }

  /** A uniform block of 32-bit numbers that is written once: u32 from `integers`, then f32 from `floats`. */
  uniform(label: string, integers: readonly number[], floats: readonly number[] = []): GPUBuffer {
    const words = new Uint32Array([...integers, ...new Uint32Array(new Float32Array(floats).buffer)]);
    const size = Math.ceil(words.byteLength / 16) * 16;
    const buffer = this.#create(label, size, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    this.#device.queue.writeBuffer(buffer, 0, words);
    return buffer;
  }

  /** Storage that holds `values`, padded with zeros to `length` numbers. */
  floats(label: string, values: Float32Array<ArrayBuffer>, length = values.length): GPUBuffer {
    const buffer = this.storage(label, length * 4);
    this.#device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  }

  readback(label: string, size: number): GPUBuffer {
    return this.#create(`readback:${label}`, size, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** Bytes of all buffers whose label begins with `prefix`. */
  bytes(prefix = ''): number {
    let sum = 0;
    for (const buffer of this.#all) if (buffer.label.startsWith(prefix)) sum += buffer.size;
    return sum;
  }

  destroy(): void {
    for (const buffer of this.#all) buffer.destroy();
    this.#all.clear();
  }

  #create(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.#device.createBuffer({ label, size: Math.max(4, Math.ceil(size / 4) * 4), usage });
    this.#all.add(buffer);
    return buffer;
  }
}

/**
 * Runs `allocate` and waits until the device has reported whether it had the memory.
 * @throws EngineError `out-of-memory` with `what` and its size
 */
export async function checkedAllocation<T>(
  device: GPUDevice,
  what: string,
  allocate: () => T | Promise<T>,
): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const result = await allocate();
  const [invalid, exhausted] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const error = exhausted ?? invalid;
  if (error) {
    throw new EngineError(
      'out-of-memory',
      `The graphics memory does not suffice for ${what} (${error.message.split('\n')[0]}); please choose a smaller model or a shorter context.`,
    );
  }
  return result;
}
