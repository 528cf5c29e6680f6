import { decodeAttention, prefillAttention } from '../kernels/attention.ts';
import { type KernelContext, PAGE_TOKENS } from '../kernels/context.ts';
import { allNear, batchOf, type Case, randomNumbers, type Verdict } from './case.ts';

/** Attention with the dimensions that a model needs. */
export interface AttentionNeed {
  readonly kind: 'attention';
  readonly headDim: number;
  readonly rope: 'pairs' | 'halves' | 'none';
  readonly rotary: number;
  readonly qkNorm: boolean;
}

const HEADS = 4;
const KV_HEADS = 2;
const EPSILON = 1e-5;

/** Tokens of the prompt: more than the widest workgroup has invocations. Its pages are not in order. */
const PROMPT = 70;
const PAGES = [2, 0, 1];
/** The page of a second sequence, of one token, which is decoded in the same batch. */
const OTHER_PAGE = 3;

/** Rows of the prefill that are compared: each place in a group of four, and both sides of a tile's border. */
const COMPARED = [0, 1, 2, 3, 63, 64, 69];

/** Relative to the largest value. The error comes from exponentials of scores in f32. */
const TOLERANCE = 1e-4;

export function attentionCase(need: AttentionNeed): Case {
  const { headDim, rope, rotary, qkNorm } = need;
  return {
    name: `attention ${headDim} ${rope} ${rotary}${qkNorm ? ' qk_norm' : ''}`,
    what: `attention over heads of ${headDim}`,
    prepare: (context) => prepare(context, need),
  };
}

async function prepare(context: KernelContext, need: AttentionNeed) {
  const { headDim, rope, rotary, qkNorm } = need;
  const { buffers } = context;
  const stride = (HEADS + 2 * KV_HEADS) * headDim;
  const outStride = HEADS * headDim;
  // The rows are the prompt, then the token decoded after it, then the token of the other sequence.
  const qkv = randomNumbers(1, (PROMPT + 2) * stride);
  const angles = anglesOf(rotary);
  const weight = qkNorm ? randomNumbers(2, 2 * headDim) : null;
  const cache = () =>
    buffers.storage('scratch:cache', (OTHER_PAGE + 1) * PAGE_TOKENS * KV_HEADS * headDim * 4);
  const shared = {
    ...{ heads: HEADS, kvHeads: KV_HEADS, headDim, rope, rotary, epsilon: EPSILON },
    ...{ qkvStride: stride, outStride, keys: cache(), values: cache() },
    angles: rope === 'none' ? null : buffers.floats('scratch:angles', angles),
    qkNorm: weight && buffers.floats('scratch:qk norm', weight),
  };
  const prompt = Array.from({ length: PROMPT }, (_, position) => ({ token: 0, position, table: 0 }));
  const decoded = [
    { token: 0, position: PROMPT, table: 0 },
    { token: 0, position: 0, table: 1 },
  ];
  const prefillOut = buffers.storage('scratch:out', PROMPT * outStride * 4);
  const decodeOut = buffers.storage('scratch:out', 2 * outStride * 4);
  const [prefill, decode] = await Promise.all([
    prefillAttention(context, {
      ...shared,
      batch: batchOf(context, prompt, [], [PAGES]),
      qkv: buffers.floats('scratch:qkv', qkv.slice(0, PROMPT * stride)),
      out: prefillOut,
    }),
    decodeAttention(context, {
      ...shared,
      batch: batchOf(context, decoded, [], [PAGES, [OTHER_PAGE]]),
      qkv: buffers.floats('scratch:qkv', qkv.slice(PROMPT * stride)),
      out: decodeOut,
    }),
  ]);
  return {
    plans: [
      { dispatches: prefill, rows: PROMPT },
      { dispatches: decode, rows: 2 },
    ],
    results: [prefillOut, decodeOut],
    judge([prefilled, afterwards]: readonly Float32Array<ArrayBuffer>[]): Verdict {
      const plain = new PlainHeads(need, qkv, angles, weight);
      const row = (out: Float32Array, at: number) => out.subarray(at * outStride, (at + 1) * outStride);
      const right =
        COMPARED.every((at) => allNear(row(prefilled!, at), plain.attend(at, at + 1), TOLERANCE)) &&
        allNear(row(afterwards!, 0), plain.attend(PROMPT, PROMPT + 1), TOLERANCE) &&
        // A single token attends only to itself.
        allNear(row(afterwards!, 1), plain.ownValue(PROMPT + 1), TOLERANCE);
      return right ? 'right' : 'wrong';
    },
  };
}

/** [position][rotary / 2] of (cos, sin). */
function anglesOf(rotary: number): Float32Array<ArrayBuffer> {
  const half = rotary / 2;
  const angles = new Float32Array((PROMPT + 2) * Math.max(1, half) * 2);
  for (let position = 0; position < PROMPT + 2; position++) {
    for (let i = 0; i < half; i++) {
      const at = (position * half + i) * 2;
      const angle = position * 100 ** (-i / half);
      [angles[at], angles[at + 1]] = [Math.cos(angle), Math.sin(angle)];
    }
  }
  return angles;
}

/** Attention in plain loops in f64 over rows of q | k | v. */
class PlainHeads {
  readonly #keys: Float64Array[] = [];

  constructor(
    private readonly need: AttentionNeed,
    private readonly qkv: Float32Array,
    private readonly angles: Float32Array,
    private readonly weight: Float32Array | null,
  ) {
    for (let position = 0; position <= PROMPT; position++)
      for (let head = 0; head < KV_HEADS; head++)
        this.#keys.push(this.#head(position, HEADS + head, position, 1));
  }

  /** The result of row `at` over the first `count` rows, [heads · headDim]. */
  attend(at: number, count: number): Float64Array {
    const { headDim } = this.need;
    const out = new Float64Array(HEADS * headDim);
    for (let head = 0; head < HEADS; head++) {
      const group = Math.floor(head / (HEADS / KV_HEADS));
      const query = this.#head(at, head, at, 0);
      const scores = Array.from({ length: count }, (_, position) => {
        const key = this.#keys[position * KV_HEADS + group]!;
        return query.reduce((sum, q, i) => sum + q * key[i]!, 0) / Math.sqrt(headDim);
      });
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((sum, one) => sum + one, 0);
      weights.forEach((one, position) => {
        const value = this.#raw(position, HEADS + KV_HEADS + group);
        for (let i = 0; i < headDim; i++) out[head * headDim + i]! += (one / total) * value[i]!;
      });
    }
    return out;
  }

  /** The result of row `at` if every head attends only to the row's own value. */
  ownValue(at: number): Float64Array {
    const { headDim } = this.need;
    const out = new Float64Array(HEADS * headDim);
    for (let head = 0; head < HEADS; head++) {
      const group = Math.floor(head / (HEADS / KV_HEADS));
      out.set(this.#raw(at, HEADS + KV_HEADS + group), head * headDim);
    }
    return out;
  }

  #raw(row: number, head: number): Float32Array {
    const { headDim } = this.need;
    const at = (row * (HEADS + 2 * KV_HEADS) + head) * headDim;
    return this.qkv.subarray(at, at + headDim);
  }

  /** A head, normalised and rotated. @param which 0 for a query, 1 for a key */
  #head(row: number, head: number, position: number, which: 0 | 1): Float64Array {
    const { headDim, rope, rotary } = this.need;
    const values = Float64Array.from(this.#raw(row, head));
    if (this.weight) {
      const scale = 1 / Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / headDim + EPSILON);
      for (let i = 0; i < headDim; i++) values[i]! *= scale * this.weight[which * headDim + i]!;
    }
    const half = rotary / 2;
    for (let i = 0; i < half && rope !== 'none'; i++) {
      const [first, second] = rope === 'pairs' ? [2 * i, 2 * i + 1] : [i, i + half];
      const [cos, sin] = this.angles.subarray((position * half + i) * 2, (position * half + i) * 2 + 2);
      const [a, b] = [values[first]!, values[second]!];
      values[first] = a * cos! - b * sin!;
      values[second] = b * cos! + a * sin!;
    }
    return values;
  }
}
