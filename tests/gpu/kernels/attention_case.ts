/** Attention on the GPU over a paged cache, and in f64 without a cache. */
import type { AttentionRequest } from '../../../src/engines/webgpu/kernels/attention.ts';
import { PAGE_TOKENS } from '../../../src/engines/webgpu/kernels/context.ts';
import { CONTEXT, random } from './fixture.ts';

export interface HeadCase {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rope: AttentionRequest['rope'];
  readonly rotary: number;
  readonly qkNorm: boolean;
  /** Deviation of queries and keys; scores have about its square. */
  readonly deviation: number;
}

export const EPSILON = 1e-5;

/** Keys and values of one position: [kvHeads × headDim] each, keys normalised and rotated. */
export interface Position {
  readonly key: Float64Array;
  readonly value: Float64Array;
}

/** Query, key and value of one row, straight from the projection. */
interface Projected {
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
}

export function projected(one: HeadCase, name: string): Projected {
  const { heads, kvHeads, headDim, deviation } = one;
  return {
    query: random(`query ${name}`, heads * headDim, deviation),
    key: random(`key ${name}`, kvHeads * headDim, deviation),
    value: random(`value ${name}`, kvHeads * headDim),
  };
}

/** [CONTEXT][rotary / 2] of (cos, sin). */
export function anglesOf({ rotary }: HeadCase): Float32Array<ArrayBuffer> {
  const half = rotary / 2;
  return Float32Array.from({ length: CONTEXT * rotary }, (_, i) => {
    const pair = (i >> 1) % half;
    const angle = Math.floor(i / rotary) * 10_000 ** ((-2 * pair) / rotary);
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}

/** [2][headDim]: of queries, of keys. */
export function qkWeights({ headDim }: HeadCase): Float32Array<ArrayBuffer> {
  return random('qk norm', 2 * headDim).map((value) => 1 + 0.3 * value);
}

/** Normalises (qwen3) and rotates every head for `position`, with the same f32 tables as the GPU. */
export function prepared(
  one: HeadCase,
  row: Float32Array,
  position: number,
  which: 'query' | 'key',
): Float64Array {
  const { headDim, rope, rotary, qkNorm } = one;
  const out = Float64Array.from(row);
  const gain = qkWeights(one).subarray(which === 'query' ? 0 : headDim);
  const angles = rope === 'none' ? null : anglesOf(one).subarray(position * rotary);
  for (let at = 0; at < out.length; at += headDim) {
    const head = out.subarray(at, at + headDim);
    if (qkNorm) {
      const square = head.reduce((sum, value) => sum + value * value, 0) / headDim;
      head.forEach((value, i) => (head[i] = (value / Math.sqrt(square + EPSILON)) * gain[i]!));
    }
    if (!angles) continue;
    for (let pair = 0; pair < rotary / 2; pair++) {
      const [a, b] = rope === 'pairs' ? [2 * pair, 2 * pair + 1] : [pair, pair + rotary / 2];
      const [x, y] = [head[a]!, head[b]!];
      const [cos, sin] = [angles[2 * pair]!, angles[2 * pair + 1]!];
      head[a] = x * cos - y * sin;
      head[b] = x * sin + y * cos;
    }
  }
  return out;
}

/** softmax(q · k / √headDim) v over `positions`, in two passes (Vaswani et al. 2017). @returns [heads × headDim] */
export function plainAttention(
  one: HeadCase,
  query: Float64Array,
  positions: readonly Position[],
): Float64Array {
  const { heads, kvHeads, headDim } = one;
  const out = new Float64Array(heads * headDim);
  for (let head = 0; head < heads; head++) {
    const kv = Math.floor((head * kvHeads) / heads) * headDim;
    const scores = positions.map(({ key }) => {
      let sum = 0;
      for (let d = 0; d < headDim; d++) sum += query[head * headDim + d]! * key[kv + d]!;
      return sum / Math.sqrt(headDim);
    });
    const highest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - highest));
    const total = weights.reduce((a, b) => a + b, 0);
    positions.forEach(({ value }, p) => {
      for (let d = 0; d < headDim; d++) out[head * headDim + d]! += (weights[p]! / total) * value[kv + d]!;
    });
  }
  return out;
}

/** The two buffers of a cache. Unwritten positions are NaN, so that a read of one is noticed. */
export class PlainCache {
  readonly keys: Float32Array<ArrayBuffer>;
  readonly values: Float32Array<ArrayBuffer>;
  readonly #one: HeadCase;

  constructor(one: HeadCase, pages: number) {
    this.#one = one;
    this.keys = new Float32Array(pages * PAGE_TOKENS * one.kvHeads * one.headDim).fill(NaN);
    this.values = this.keys.slice();
  }

  /** Layouts of shaders/common/heads.wgsl. */
  put(pages: readonly number[], position: number, { key, value }: Position): void {
    const { kvHeads, headDim } = this.#one;
    const page = pages[Math.floor(position / PAGE_TOKENS)]!;
    const slot = position % PAGE_TOKENS;
    for (let head = 0; head < kvHeads; head++) {
      for (let d = 0; d < headDim; d++) {
        const four = ((page * kvHeads + head) * (headDim / 4) + (d >> 2)) * PAGE_TOKENS + slot;
        this.keys[four * 4 + (d & 3)] = key[head * headDim + d]!;
        this.values[((page * kvHeads + head) * PAGE_TOKENS + slot) * headDim + d] =
          value[head * headDim + d]!;
      }
    }
  }
}
