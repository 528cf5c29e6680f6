import type { Dispatch } from '../gpu/plan.ts';
import { Batch, type BatchRow } from '../kernels/batch.ts';
import type { KernelContext } from '../kernels/context.ts';

/** `uneven`: right, but a row alone has other bits than the same row in a batch. `refused`: it did not compile. */
export type Verdict = 'right' | 'wrong' | 'uneven' | 'refused';

/** One small run of kernels whose answer is known. */
export interface Case {
  /** Names the kernel variant; the same for the same one. */
  readonly name: string;
  /** What it computes, for a sentence: “products with Q4_K weights”. */
  readonly what: string;
  /** Makes operands and asks for the pipelines. @param context its buffers live as long as the test */
  prepare(context: KernelContext): Promise<Trial>;
}

export interface Trial {
  /** Run one after the other. */
  readonly plans: readonly {
    readonly dispatches: readonly Dispatch[];
    readonly rows: number;
    readonly outputs?: number;
  }[];
  /** Buffers to bring back. */
  readonly results: readonly GPUBuffer[];
  /** @param results in the order of the above */
  judge(results: readonly Float32Array<ArrayBuffer>[]): Verdict;
}

/** Positions that the page tables of a case reach to. */
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

/** Whether each number is near the one that is expected. NaN is near nothing. */
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

/** Thirty-two bits that `seed` and `index` stand for: the finaliser of MurmurHash3 (Appleby, public domain), twice. */
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
