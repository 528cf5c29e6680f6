/** Compares one matrix product on the GPU with plain loops. */
import type { BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import { type KernelContext, paddedWidth } from '../../../src/engines/webgpu/kernels/context.ts';
import {
  type Epilogue,
  matrixProduct,
  type ProductShape,
} from '../../../src/engines/webgpu/kernels/matrix_product.ts';
import { type Kernels, random, randomRows, relativeError, type TestMatrix } from './fixture.ts';

export interface ProductCase {
  readonly format: BlockFormat;
  readonly epilogue: Epilogue;
  readonly bias: boolean;
  readonly columns: number;
  /** For swiglu, gate and up together. */
  readonly rows: number;
}

/** A value that is neither a result nor an input of the kernel. */
const UNTOUCHED = 12345;

/** The offset of the result in a row of y, the length of the row after it, and the offset of the bias. */
const OFFSET = 5;
const BEHIND = 3;
const BIAS_OFFSET = 3;

/** The case's matrix, quantised from random numbers and uploaded. */
export function matrixOf(kernels: Kernels, one: ProductCase, within?: KernelContext): TestMatrix {
  const { format, columns, rows, epilogue } = one;
  const sections = epilogue === 'swiglu' ? 2 : 1;
  return kernels.matrix({ name: `${format} ${epilogue}`, format, rows, columns, sections }, within);
}

/**
 * Runs the product over `tokens` random vectors.
 * @returns the results [tokens][rows of the result], and the largest error of any token (see `relativeError`)
 * @throws Error when the kernel wrote outside of the result
 */
export async function runProduct(
  kernels: Kernels,
  context: KernelContext,
  shape: ProductShape,
  one: ProductCase,
  { matrix, weights }: TestMatrix,
  tokens: number,
): Promise<{ error: number; results: Float32Array[] }> {
  const { epilogue, columns, rows, format } = one;
  const width = epilogue === 'swiglu' ? rows / 2 : rows;
  const yStride = OFFSET + width + BEHIND;
  // Room for whole tiles, and one more row that the kernel must not write.
  const room = Math.ceil((tokens + 1) / 64) * 64;
  const name = `${format} ${epilogue} ${columns}`;
  const x = randomRows(`x ${name}`, tokens, columns, room);
  const y = new Float32Array(room * yStride).fill(UNTOUCHED);
  const before = Array.from({ length: tokens }, (_, token) =>
    epilogue === 'residual' || epilogue === 'gated'
      ? random(`y ${name} ${token}`, width)
      : new Float32Array(width).fill(NaN),
  );
  before.forEach((row, token) => y.set(row, token * yStride + OFFSET));
  const bias = one.bias ? random(`bias ${name}`, rows + BIAS_OFFSET) : null;

  const target = kernels.buffer(y);
  const plan = await matrixProduct(context, shape, {
    label: name,
    matrix,
    batch: kernels.batch(Array.from({ length: tokens }, () => ({ token: 0, position: 0, table: 0 }))),
    x: kernels.buffer(x),
    xStride: paddedWidth(columns),
    y: target,
    yStride,
    yOffset: OFFSET,
    bias: bias && kernels.buffer(bias),
    biasOffset: BIAS_OFFSET,
    epilogue,
  });
  kernels.run(plan, { rows: tokens });
  const after = await kernels.read(target);

  const xStride = paddedWidth(columns);
  const results: Float32Array[] = [];
  let error = 0;
  for (let token = 0; token < tokens; token++) {
    const vector = x.subarray(token * xStride, token * xStride + columns);
    const expected = plainProduct(one, weights, vector, bias?.subarray(BIAS_OFFSET), before[token]!);
    const at = token * yStride + OFFSET;
    const result = after.slice(at, at + width);
    results.push(result);
    const own = relativeError(result, expected);
    if (!(own <= error)) error = own;
  }
  expectUntouched(after, yStride, width, tokens, rowsWritten(context, shape, tokens));
  return { error, results };
}

/** Rows of y that the kernel may write. The engine reserves those of the last workgroup's idle columns. */
function rowsWritten({ reducer }: KernelContext, shape: ProductShape, tokens: number): number {
  if (shape === 'tile') return Math.ceil(tokens / 64) * 64;
  return reducer === 'rows' ? tokens : Math.ceil(tokens / shape) * shape;
}

function expectUntouched(
  y: Float32Array,
  stride: number,
  width: number,
  tokens: number,
  written: number,
): void {
  y.forEach((value, i) => {
    const row = Math.floor(i / stride);
    const column = (i % stride) - OFFSET;
    const inside = column >= 0 && column < width && row < Math.max(tokens, written);
    if (!inside && value !== UNTOUCHED) throw new Error(`y[${row}][${i % stride}] was written: ${value}`);
  });
}

/** The epilogues by their formulas (shaders/common/matrix_product.wgsl), in f64. */
function plainProduct(
  { epilogue, columns }: ProductCase,
  weights: readonly Float64Array[],
  x: Float32Array,
  bias: Float32Array | undefined,
  before: Float32Array,
): Float64Array {
  const [first, second] = weights.map((matrix) => {
    const out = new Float64Array(matrix.length / columns);
    for (let row = 0; row < out.length; row++) {
      let sum = bias?.[row] ?? 0;
      for (let i = 0; i < columns; i++) sum += matrix[row * columns + i]! * x[i]!;
      out[row] = sum;
    }
    return out;
  });
  const silu = (value: number) => value / (1 + Math.exp(-value));
  const gelu = (value: number) =>
    0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
  switch (epilogue) {
    case 'store':
      return first!;
    case 'residual':
      return first!.map((value, i) => before[i]! + value);
    case 'gelu':
      return first!.map(gelu);
    case 'gated':
      return first!.map((value, i) => silu(before[i]!) * value);
    case 'swiglu':
      return first!.map((value, i) => silu(value) * second![i]!);
  }
}
