import type { Dispatch } from '../gpu/plan.ts';
import { Batch, type BatchRow } from '../kernels/batch.ts';
import type { KernelContext } from '../kernels/context.ts';

/** `uneven`: the result is right, but a row alone has other bits than in a batch. `refused`: the shader did not compile. */
export type Verdict = 'right' | 'wrong' | 'uneven' | 'refused';

/** A small run of kernels with a known answer. */
export interface Case {
  /** Names the kernel variant; equal names mean equal variants. */
  readonly name: string;
  /** What it computes, as part of a sentence: “products with Q4_K weights”. */
  readonly what: string;
  /** Creates operands and requests the pipelines. @param context its buffers live as long as the test */
  prepare(context: KernelContext): Promise<Trial>;
}

export interface Trial {
  /** These run one after the other. */
  readonly plans: readonly {
    readonly dispatches: readonly Dispatch[];
    readonly rows: number;
    readonly outputs?: number;
  }[];
  /** Buffers to read back. */
  readonly results: readonly GPUBuffer[];
  /** @param results in the order of the `results` above */
  judge(results: readonly Float32Array<ArrayBuffer>[]): Verdict;
}

/** Positions that the page tables of a case cover. */
const POSITIONS = 96;

export function batchOf(
  { buffers, device }: KernelContext,
  rows: readonly BatchRow[],
  outputs: readonly number[] = [],
  tables: readonly (readonly number[])[] = [],
): GPUBuffer {
  const batch = new Batch(buffers, POSITIONS);
  batch.write(device.queue, rows, outputs, tables);
  return batch.buffer;
}

/** Whether each number is close to the expected one. NaN is close to nothing. */
export function allNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ArrayLike<number>,
): boolean {
  for (let i = 0; i < expected.length; i++) {
    const most = typeof tolerance === 'number' ? tolerance : tolerance[i]!;
    if (!(Math.abs(actual[i]! - expected[i]!) <= most)) return false;
  }
  return true;
}

/** Thirty-two bits derived from `seed` and `index`: the finaliser of MurmurHash3 (Appleby, public domain), twice. */
export function randomBits(seed: number, index: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ index;
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** `length` numbers from −1 to 1, the same for the same seed. */
export function randomNumbers(seed: number, length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, i) => randomBits(seed, i) / 2 ** 31 - 1);
}
