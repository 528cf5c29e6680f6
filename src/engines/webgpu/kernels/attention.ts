import { bindGroup } from '../gpu/pipelines.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { BATCH_CONSTANTS, groupWidth, type KernelContext } from './context.ts';

/** The operands of attention in one layer. Strides in floats. */
export interface AttentionRequest {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Which dimensions of a head rotate together: adjacent pairs (llama), halves (Qwen), or none. */
  readonly rope: 'pairs' | 'halves' | 'none';
  /** Rotated dimensions of a head. */
  readonly rotary: number;
  readonly epsilon: number;
  readonly batch: GPUBuffer;
  readonly qkv: GPUBuffer;
  readonly qkvStride: number;
  /** [position][rotary / 2] of (cos, sin); null without rope. */
  readonly angles: GPUBuffer | null;
  /** [2][headDim], of queries and keys; null if heads are not normalised. */
  readonly qkNorm: GPUBuffer | null;
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  readonly out: GPUBuffer;
  readonly outStride: number;
}

/** Decode: each row belongs to its own sequence; the same dispatch also writes its key and value to the cache. */
export async function decodeAttention(
  context: KernelContext,
  request: AttentionRequest,
): Promise<Dispatch[]> {
  return [await attention(context, request, 'append')];
}

/** Prefill: the rows are consecutive tokens of one sequence. Their keys and values are cached first. Two dispatches. */
export function prefillAttention(context: KernelContext, request: AttentionRequest): Promise<Dispatch[]> {
  return Promise.all([appendToCache(context, request), attention(context, request, 'prefill')]);
}

async function attention(
  context: KernelContext,
  request: AttentionRequest,
  mode: 'append' | 'prefill',
): Promise<Dispatch> {
  const append = mode === 'append';
  const cache = append ? 'write' : 'read';
  const { layout, group, conditions } = operands(context, request, 'attention', [cache, cache, 'write']);
  return {
    label: 'attention',
    pipeline: await context.pipelines.get({
      shader: 'attention',
      conditions: [
        ...conditions,
        ...(append ? ['append'] : []),
        ...(context.reducer === 'rows' ? ['rolled'] : []),
      ],
      constants: { ...BATCH_CONSTANTS, head_dim: request.headDim, tile: groupWidth(context) },
      layouts: [layout],
    }),
    groups: [group],
    across: request.heads,
    over: 'rows',
    rowsPerGroup: append ? 1 : 4,
  };
}

async function appendToCache(context: KernelContext, request: AttentionRequest): Promise<Dispatch> {
  const { layout, group, conditions } = operands(context, request, 'KV append', ['write', 'write']);
  return {
    label: 'KV append',
    pipeline: await context.pipelines.get({
      shader: 'kv_append',
      conditions,
      constants: { ...BATCH_CONSTANTS, head_dim: request.headDim },
      layouts: [layout],
    }),
    groups: [group],
    across: request.kvHeads,
    over: 'rows',
    rowsPerGroup: 1,
  };
}

/** Bindings 0 to 7, as in shaders/common/heads.wgsl and the two shaders that import it. */
function operands(
  { device, buffers, pipelines }: KernelContext,
  request: AttentionRequest,
  label: string,
  last: readonly ('read' | 'write')[],
) {
  const { rope, angles, qkNorm } = request;
  const layout = pipelines.layout([
    'read',
    'uniform',
    'read',
    rope === 'none' ? null : 'read',
    qkNorm ? 'read' : null,
    ...last,
  ]);
  const shape = buffers.uniform(
    `scratch:${label} shape`,
    [
      request.heads,
      request.kvHeads,
      request.qkvStride,
      request.outStride,
      request.rotary,
      request.headDim / 4,
    ],
    [request.epsilon, 1 / Math.sqrt(request.headDim)],
  );
  const bound = [
    request.batch,
    shape,
    request.qkv,
    rope === 'none' ? null : angles,
    qkNorm,
    ...[request.keys, request.values, request.out].slice(0, last.length),
  ];
  return {
    layout,
    group: bindGroup(device, label, layout, bound),
    conditions: [...(rope === 'none' ? [] : [`rope_${rope}`]), ...(qkNorm ? ['qk_norm'] : [])],
  };
}
