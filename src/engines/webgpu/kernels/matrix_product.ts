import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { blockConditions, type KernelContext } from './context.ts';
import type { Matrix } from './matrix.ts';

/** The last operation on a result before it is written (shaders/common/matrix_product.wgsl). */
export type Epilogue = 'store' | 'residual' | 'swiglu' | 'gelu' | 'gated';

/**
 * Number of tokens that a product is compiled for: 1, 2, 4 or 8 per workgroup (a matrix × vector shader), or tiles of 64. The
 * `rows` reducer distinguishes only one token from several.
 */
export type ProductShape = 1 | 2 | 4 | 8 | 'tile';

export interface ProductRequest {
  readonly label: string;
  readonly matrix: Matrix;
  readonly batch: GPUBuffer;
  /** [rows of the pass][xStride] floats. xStride is a multiple of 32; columns beyond those of the matrix are zero. */
  readonly x: GPUBuffer;
  readonly xStride: number;
  /** [rows of the pass][yStride] floats. */
  readonly y: GPUBuffer;
  readonly yStride: number;
  /** Where the result begins in a row of y. */
  readonly yOffset?: number;
  /** One number per row of the matrix, from `biasOffset` on. */
  readonly bias?: GPUBuffer | null;
  readonly biasOffset?: number;
  readonly epilogue: Epilogue;
  readonly over?: 'rows' | 'outputs';
}

const COLUMN_CONDITIONS = { 1: [], 2: ['m2'], 4: ['m2', 'm4'], 8: ['m2', 'm4', 'm8'] } as const;

/** Rows per workgroup of each shader. */
const ROWS_PER_GROUP = { matvec: 2, matvec_rows: 128, matmul: 64 } as const;

/** Tokens per workgroup of `matvec_rows` when there are several. */
const ROWS_TOKENS = 32;

/** Workgroup width for rows of at most this many blocks: with 1,024 columns every invocation has one block. */
const NARROW = 32;
const WIDE = 64;

/**
 * y = W · x for each token, one dispatch per part of W.
 * The matrix alone decides the order of a row's sum: it is the same for any number of tokens, with subgroups and without. Only
 * `rows` has a different order.
 */
export function matrixProduct(
  context: KernelContext,
  shape: ProductShape,
  request: ProductRequest,
): Promise<Dispatch[]> {
  return Promise.all(request.matrix.parts.map((_, part) => productOfPart(context, shape, request, part)));
}

async function productOfPart(
  context: KernelContext,
  shape: ProductShape,
  request: ProductRequest,
  index: number,
): Promise<Dispatch> {
  const { device, buffers, pipelines, reducer, f16, subgroupSize } = context;
  const {
    label,
    matrix,
    batch,
    x,
    xStride,
    y,
    yStride,
    yOffset = 0,
    bias,
    biasOffset = 0,
    epilogue,
    over = 'rows',
  } = request;
  const part = matrix.parts[index]!;
  const shader = shape === 'tile' ? 'matmul' : reducer === 'rows' ? 'matvec_rows' : 'matvec';
  const conditions = new Set([
    epilogue,
    ...(bias ? ['bias'] : []),
    ...blockConditions(context, matrix.format),
  ]);
  const constants: Record<string, number> = {};
  if (shape === 'tile') {
    if (f16 && matrix.format !== 'F32' && matrix.format !== 'BF16') conditions.add('f16');
  } else {
    if (shader === 'matvec') {
      for (const condition of COLUMN_CONDITIONS[shape]) conditions.add(condition);
      const shuffles = reducer === 'subgroups' && subgroupSize > 0;
      if (shuffles) conditions.add('subgroups');
      constants['columns'] = shape;
      constants['width'] = matrix.blocks <= NARROW ? NARROW : WIDE;
      constants['lanes'] = shuffles ? subgroupSize : 1;
    } else {
      if (over === 'outputs') conditions.add('outputs');
      if (subgroupSize === 8) conditions.add('lanes8');
      if (shape === 1) conditions.add('one');
      // Four rows per invocation take twice as long to compile. They save loads of x only where lanes share loads (lanes8).
      else if (subgroupSize === 8) conditions.add('four');
    }
  }
  const counted = shader === 'matvec_rows';
  const layout = pipelines.layout([
    'uniform',
    'read',
    'write',
    bias ? 'read' : null,
    counted ? 'read' : null,
  ]);
  const pipeline = await pipelines.get({
    shader,
    block: matrix.format.toLowerCase(),
    conditions: [...conditions],
    constants,
    layouts: [layout, matrix.layout],
  });
  const paired = epilogue === 'swiglu' ? 2 : 1;
  const params = buffers.uniform(`scratch:${label} shape`, [
    part.rows,
    matrix.blocks,
    xStride / 4,
    yStride,
    yOffset + part.firstRow / paired,
    biasOffset + part.firstRow,
  ]);
  return {
    label,
    pipeline,
    groups: [
      bindGroup(device, label, layout, [params, x, y, bias ?? null, counted ? batch : null]),
      part.group,
    ],
    across: Math.ceil(part.rows / ROWS_PER_GROUP[shader]),
    over,
    rowsPerGroup: shape === 'tile' ? 64 : counted && shape > 1 ? ROWS_TOKENS : shape,
  };
}
