import type { BlockFormat } from '../../gguf/block_formats.ts';
import { BLOCK_FORMATS } from '../../gguf/block_formats.ts';
import { repackRows } from '../../gguf/repack.ts';
import { type KernelContext, paddedWidth } from '../kernels/context.ts';
import { createMatrix, writeRows } from '../kernels/matrix.ts';
import { type Epilogue, matrixProduct, type ProductShape } from '../kernels/matrix_product.ts';
import { allNear, batchOf, type Case, randomNumbers, type Verdict } from './case.ts';
import { dequantise } from './plain_blocks.ts';
import { randomBlocks } from './random_blocks.ts';

/** A matrix product with the properties that a model needs. */
export interface ProductNeed {
  readonly kind: 'product';
  readonly format: BlockFormat;
  readonly epilogue: Epilogue;
  readonly bias: boolean;
  readonly over: 'rows' | 'outputs';
  /** Rows of more than 32 blocks, which use wider workgroups. */
  readonly wide: boolean;
  readonly shape: ProductShape;
  /** The shape that decodes one token. For every other number of tokens the bits must be the same. */
  readonly alone: ProductShape;
}

/** Tokens of the largest batch; these rows of x are copies of the first. */
const TOKENS = 16;
const COPIES = new Set([6, 15]);

/** Rows allocated: a whole tile of tokens. */
const ROOM = 64;

/** Relative to Σ |w · x|. The error comes from some hundred additions in f32; with f16 a tile keeps 11 bits of a weight. */
const F32_TOLERANCE = 1e-5;
const F16_TOLERANCE = 1e-3;

/** In this row every half is subnormal. */
const SUBNORMAL_ROW = 3;

export function productCase(need: ProductNeed): Case {
  const { format, epilogue, bias, over, wide, shape, alone } = need;
  const traits = [epilogue, ...(bias ? ['bias'] : []), over, ...(wide ? ['wide'] : []), shape, alone];
  return {
    name: `product ${format} ${traits.join(' ')}`,
    what: `products with ${format} weights`,
    prepare: (context) => prepare(context, need),
  };
}

async function prepare(context: KernelContext, need: ProductNeed) {
  const { format, epilogue, over, shape, alone } = need;
  const operands = operandsOf(need);
  const { columns, rows, sections, width, x, bias, before } = operands;
  const matrix = createMatrix(context, { label: format, format, rows, columns, sections });
  operands.files.forEach((file, section) =>
    writeRows(context.device, matrix, section, 0, repackRows(format, file, rows / sections, columns)),
  );
  const xBuffer = context.buffers.floats('scratch:x', x);
  const biasBuffer = bias && context.buffers.floats('scratch:bias', bias);
  const runs = runsOf(shape, alone);
  const made = await Promise.all(
    runs.map(async ({ shape: own, tokens }) => {
      const y = context.buffers.floats('scratch:y', before.slice());
      const all = Array.from({ length: tokens }, (_, i) => i);
      const batch = batchOf(
        context,
        all.map(() => ({ token: 0, position: 0, table: 0 })),
        all,
      );
      const dispatches = await matrixProduct(context, own, {
        label: 'self-test',
        ...{ matrix, batch, x: xBuffer, xStride: paddedWidth(columns), y, yStride: width },
        ...{ bias: biasBuffer, epilogue, over },
      });
      return { y, plan: { dispatches, rows: tokens, outputs: tokens } };
    }),
  );
  const staged = context.f16 && shape === 'tile' && format !== 'F32' && format !== 'BF16';
  return {
    plans: made.map(({ plan }) => plan),
    results: made.map(({ y }) => y),
    judge: (results: readonly Float32Array<ArrayBuffer>[]): Verdict => {
      const { expected, scale } = plainProduct(need, operands);
      const tolerance = scale.map((s) => s * (staged ? F16_TOLERANCE : F32_TOLERANCE) + 1e-30);
      const right = results.every((y, i) => {
        const end = runs[i]!.tokens * width;
        return allNear(y.subarray(0, end), expected.subarray(0, end), tolerance);
      });
      if (!right) return 'wrong';
      return shape === 'tile' || even(results, runs, width) ? 'right' : 'uneven';
    },
  };
}

/** Which shapes run over how many tokens. The first run decodes one token alone. */
function runsOf(shape: ProductShape, alone: ProductShape) {
  if (shape === 'tile') return [{ shape, tokens: TOKENS }];
  const counts = shape === 1 ? [1, TOKENS] : shape === 8 ? [2, 4, 8, TOKENS] : [shape];
  const batches = counts.map((tokens) => ({ shape, tokens }));
  return [
    { shape: alone, tokens: 1 },
    { shape: alone, tokens: TOKENS },
    ...(shape === alone ? batches.slice(0, -1) : batches),
  ];
}

/** Whether each row has the same bits in every run, and each copy of the first row has the same bits as that row. */
function even(results: readonly Float32Array[], runs: readonly { tokens: number }[], width: number): boolean {
  const first = results.map((y) => new Uint32Array(y.buffer, y.byteOffset, y.length));
  const reference = first[1]!;
  return first.every((y, run) => {
    for (let token = 0; token < runs[run]!.tokens; token++) {
      const from = COPIES.has(token) ? 0 : token;
      for (let i = 0; i < width; i++) if (y[token * width + i] !== reference[from * width + i]) return false;
    }
    return true;
  });
}

/** Operands of a product; equal needs have equal operands. */
function operandsOf({ format, epilogue, bias, wide }: ProductNeed) {
  const sections = epilogue === 'swiglu' ? 2 : 1;
  // A section must begin at a whole word of each stream.
  const perSection = sections === 2 ? 8 : 10;
  const { elements } = BLOCK_FORMATS[format];
  const narrow = elements === 1 ? 100 : elements === 32 ? 96 : 512;
  const columns = wide ? 2304 : narrow;
  const width = perSection;
  const stride = paddedWidth(columns);
  const files = Array.from({ length: sections }, (_, section) =>
    randomBlocks(format, perSection, columns, 100 * section + 1, SUBNORMAL_ROW),
  );
  const x = new Float32Array(ROOM * stride);
  const before = new Float32Array(ROOM * width);
  for (let token = 0; token < TOKENS; token++) {
    const from = COPIES.has(token) ? 0 : token;
    x.set(randomNumbers(1000 + from, columns), token * stride);
    before.set(randomNumbers(2000 + from, width), token * width);
  }
  const rows = perSection * sections;
  return {
    columns,
    rows,
    sections,
    width,
    stride,
    files,
    x,
    before,
    bias: bias ? randomNumbers(3000, rows) : null,
  };
}

const silu = (v: number) => v / (1 + Math.exp(-v));
/** The tanh form (Hendrycks & Gimpel 2016). */
const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));

/** In plain loops in f64: the results, and the sum of the magnitudes that went into each. [TOKENS][width] */
function plainProduct({ format, epilogue }: ProductNeed, operands: ReturnType<typeof operandsOf>) {
  const { columns, width, stride, files, x, bias, before } = operands;
  const weights = files.map((file) => dequantise(format, file));
  const expected = new Float64Array(TOKENS * width);
  const scale = new Float64Array(TOKENS * width);
  for (let token = 0; token < TOKENS; token++) {
    for (let row = 0; row < width; row++) {
      const sums = weights.map((matrix) => {
        let [sum, size] = [bias?.[row] ?? 0, Math.abs(bias?.[row] ?? 0)];
        for (let i = 0; i < columns; i++) {
          const term = matrix[row * columns + i]! * x[token * stride + i]!;
          sum += term;
          size += Math.abs(term);
        }
        return { sum, size };
      });
      const [{ sum, size }, up] = sums as [{ sum: number; size: number }, { sum: number; size: number }?];
      const at = token * width + row;
      const old = before[at]!;
      if (epilogue === 'store') [expected[at], scale[at]] = [sum, size];
      else if (epilogue === 'residual') [expected[at], scale[at]] = [old + sum, size + Math.abs(old)];
      else if (epilogue === 'gelu') [expected[at], scale[at]] = [gelu(sum), size];
      else if (epilogue === 'gated')
        [expected[at], scale[at]] = [silu(old) * sum, size * Math.abs(silu(old))];
      else [expected[at], scale[at]] = [silu(sum) * up!.sum, size * up!.size];
    }
  }
  return { expected, scale };
}
