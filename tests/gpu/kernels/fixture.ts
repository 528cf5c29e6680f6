/** Helpers of the tests of kernels: a device with a kernel context, random operands, a run, and its results. */
import { BLOCK_FORMATS, type BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import { repackRows } from '../../../src/engines/gguf/repack.ts';
import { Buffers } from '../../../src/engines/webgpu/gpu/buffers.ts';
import { type DeviceOptions, openDevice } from '../../../src/engines/webgpu/gpu/device.ts';
import { Pipelines } from '../../../src/engines/webgpu/gpu/pipelines.ts';
import { type Dispatch, encodePlans } from '../../../src/engines/webgpu/gpu/plan.ts';
import { Readback } from '../../../src/engines/webgpu/gpu/readback.ts';
import { type KernelContext, paddedWidth } from '../../../src/engines/webgpu/kernels/context.ts';
import { bestVariants } from '../../../src/engines/webgpu/kernels/variants.ts';
import { createMatrix, type Matrix, writeRows } from '../../../src/engines/webgpu/kernels/matrix.ts';
import { Batch, type BatchRow } from '../../../src/engines/webgpu/kernels/batch.ts';
import { fillBell, streamOf } from '../../models/counter_rng.ts';
import { quantiseRow } from '../../models/quantise.ts';
import { dequantise } from '../../../src/engines/webgpu/selftest/plain_blocks.ts';

/** How many positions the page tables of a test's batch cover. */
export const CONTEXT = 512;

/** A device with both f16 and subgroups, or with neither. */
export const FEATURE_SETS: readonly (readonly [string, DeviceOptions])[] = [
  ['with every feature', {}],
  [
    'without f16 and subgroups, under default limits',
    { without: ['shader-f16', 'subgroups'], defaultLimits: true },
  ],
];

/** A weight matrix on the GPU, and the same weights in f64, row-major [rows][columns]. */
export interface TestMatrix {
  readonly matrix: Matrix;
  /** The weights of each section, one after another. */
  readonly weights: readonly Float64Array[];
}

/** @param seed the seed of all random numbers; operands with different names get different ones */
export async function openKernels(gpu: GPU, options: DeviceOptions = {}) {
  const opened = await openDevice(gpu, options);
  const { device } = opened;
  const errors: string[] = [];
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
  const buffers = new Buffers(device);
  /** The number one, and its bits. */
  const mark = { buffer: buffers.floats('scratch:mark', Float32Array.of(1)), offset: 0, value: 0x3f800000 };
  const context: KernelContext = {
    device,
    buffers,
    pipelines: new Pipelines(device),
    waiting: opened.waiting,
    ...bestVariants(opened, 'rows'),
  };
  return {
    ...opened,
    context,

    /** The context of a device whose bindings hold at most `bytes`. */
    withBindingLimit(bytes: number): KernelContext {
      const limited = new Proxy(device, {
        get(target, name) {
          if (name === 'limits') return { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes };
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
      return { ...context, device: limited };
    },

    /** A random matrix, quantised, and uploaded in chunks of rows as the loader does. */
    matrix(
      shape: { name: string; format: BlockFormat; rows: number; columns: number; sections?: number },
      within = context,
    ): TestMatrix {
      const { name, format, rows, columns, sections = 1 } = shape;
      const matrix = createMatrix(within, { label: name, format, rows, columns, sections });
      const { elements, bytes } = BLOCK_FORMATS[format];
      const rowBytes = (columns / elements) * bytes;
      const weights = Array.from({ length: sections }, (_, section) => {
        const count = rows / sections;
        const file = new Uint8Array(count * rowBytes);
        const view = new DataView(file.buffer);
        for (let row = 0; row < count; row++) {
          const values = random(`${name} ${section} ${row}`, columns, 1 / Math.sqrt(columns));
          quantiseRow(format, values, view, row * rowBytes);
        }
        for (let row = 0; row < count; row += UPLOAD_ROWS) {
          const some = Math.min(UPLOAD_ROWS, count - row);
          const packed = repackRows(
            format,
            file.subarray(row * rowBytes, (row + some) * rowBytes),
            some,
            columns,
          );
          writeRows(device, matrix, section, row, packed);
        }
        return dequantise(format, file);
      });
      return { matrix, weights };
    },

    /** A buffer that holds `values`. */
    buffer(values: Float32Array<ArrayBuffer>): GPUBuffer {
      return buffers.floats('scratch:operand', values);
    },

    batch(
      rows: readonly BatchRow[],
      outputs: readonly number[] = [],
      tables: readonly (readonly number[])[] = [],
    ): GPUBuffer {
      const batch = new Batch(buffers, CONTEXT);
      batch.write(device.queue, rows, outputs, tables);
      return batch.buffer;
    },

    run(plan: readonly Dispatch[], counts: { rows: number; outputs?: number }): void {
      const encoder = device.createCommandEncoder();
      encodePlans(encoder, [plan], { outputs: 0, ...counts });
      device.queue.submit([encoder.finish()]);
    },

    /** @throws Error with the errors that the device reported since it was opened */
    async read(buffer: GPUBuffer): Promise<Float32Array<ArrayBuffer>> {
      const encoder = device.createCommandEncoder();
      const readback = new Readback(buffers, opened.waiting, 'result', buffer.size);
      const pending = readback.copy(encoder, buffer, buffer.size, mark);
      device.queue.submit([encoder.finish()]);
      const values = await pending.read();
      if (errors.length > 0) throw new Error(errors.join('\n'));
      return values;
    },

    close(): void {
      buffers.destroy();
      device.destroy();
    },
  };
}

export type Kernels = Awaited<ReturnType<typeof openKernels>>;

/** The rows of a matrix arrive in chunks whose length is a multiple of eight, as in the loader. */
const UPLOAD_ROWS = 16;

/** Bell-shaped random numbers; the name is their seed. */
export function random(name: string, length: number, deviation = 1): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  fillBell(values, 1, streamOf(name), 0, deviation);
  return values;
}

/** `rows` random rows of `width` numbers, padded with zeros to whole blocks, then rows of NaN that no result may depend on. */
export function randomRows(
  name: string,
  rows: number,
  width: number,
  room: number,
): Float32Array<ArrayBuffer> {
  const stride = paddedWidth(width);
  const values = new Float32Array(room * stride).fill(NaN);
  for (let row = 0; row < rows; row++) {
    values.fill(0, row * stride, (row + 1) * stride);
    values.set(random(`${name} ${row}`, width), row * stride);
  }
  return values;
}

/** Largest distance of two rows, relative to the largest number of the reference. NaN if either row has a NaN. */
export function relativeError(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
  let scale = 0;
  let error = 0;
  for (let i = 0; i < reference.length; i++) {
    scale = Math.max(scale, Math.abs(reference[i]!));
    error = Math.max(error, Math.abs(actual[i]! - reference[i]!));
  }
  return error / scale;
}
