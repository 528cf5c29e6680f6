import type { Buffers } from '../gpu/buffers.ts';
import type { Dispatch } from '../gpu/plan.ts';
import { type AttentionRequest, decodeAttention, prefillAttention } from '../kernels/attention.ts';
import { type KernelContext, MAX_ROWS, MAX_SEQUENCES } from '../kernels/context.ts';
import { embed } from '../kernels/embed.ts';
import { logitSummary, SUMMARY_WORDS } from '../kernels/logit_summary.ts';
import { matrixProduct, type ProductRequest, type ProductShape } from '../kernels/matrix_product.ts';
import { norm } from '../kernels/norm.ts';
import type { ModelConfig } from './config.ts';
import type { KvCache } from './kv_cache.ts';
import { activationWidths } from './memory_plan.ts';
import type { LayerWeights, Weights } from './weights.ts';

/** Buffers of one pass, [MAX_ROWS][width of each] floats; `activationWidths` gives the distance between rows. */
export interface Activations {
  readonly residual: GPUBuffer;
  readonly normed: GPUBuffer;
  /** q | k | v */
  readonly qkv: GPUBuffer;
  readonly attended: GPUBuffer;
  readonly hidden: GPUBuffer;
  /** [MAX_SEQUENCES][vocabulary] */
  readonly logits: GPUBuffer;
  /** [MAX_SEQUENCES][SUMMARY_WORDS] */
  readonly summaries: GPUBuffer;
}

export function createActivations(buffers: Buffers, config: ModelConfig): Activations {
  const widths = activationWidths(config);
  const make = (name: keyof typeof widths) => buffers.storage(`scratch:${name}`, MAX_ROWS * widths[name] * 4);
  return {
    residual: make('residual'),
    normed: make('normed'),
    qkv: make('qkv'),
    attended: make('attended'),
    hidden: make('hidden'),
    logits: buffers.storage('scratch:logits', MAX_SEQUENCES * config.vocabularySize * 4),
    summaries: buffers.storage('scratch:summaries', MAX_SEQUENCES * SUMMARY_WORDS * 4),
  };
}

/** Everything that a forward pass reads and writes. */
export interface Model {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly cache: KvCache;
  readonly activations: Activations;
  readonly batch: GPUBuffer;
}

/** `decode`: every row belongs to its own sequence. `prefill`: the rows are consecutive tokens of one sequence. */
export type PassMode = 'decode' | 'prefill';

/** From token ids to the residual stream after the last layer. */
export async function planBody(
  context: KernelContext,
  model: Model,
  mode: PassMode,
  shape: ProductShape,
): Promise<Dispatch[]> {
  const { config, weights, batch, activations } = model;
  const widths = activationWidths(config);
  const { residual } = activations;
  const xStride = widths.residual;
  const plan = [embed(context, { matrix: weights.embedding, batch, x: residual, xStride, by: 'token' })];
  if (weights.positions) {
    plan.push(embed(context, { matrix: weights.positions, batch, x: residual, xStride, by: 'position' }));
  }
  for (const [i, layer] of weights.layers.entries())
    plan.push(planLayer(context, model, mode, shape, layer, i));
  return (await Promise.all(plan)).flat();
}

async function planLayer(
  context: KernelContext,
  model: Model,
  mode: PassMode,
  shape: ProductShape,
  layer: LayerWeights,
  index: number,
): Promise<Dispatch[]> {
  const { config, cache, weights, batch } = model;
  const { architecture, width, heads, kvHeads, headDim, rotary, epsilon } = config;
  const { residual, normed, qkv, attended, hidden } = model.activations;
  const strides = activationWidths(config);
  const product = (request: ProductRequest) => matrixProduct(context, shape, request);
  const normalise = async (label: string, norms: LayerWeights['attentionNorm']) => [
    await norm(context, {
      label,
      weights: norms,
      width,
      epsilon,
      batch,
      x: residual,
      y: normed,
      over: 'rows',
    }),
  ];
  const attention: AttentionRequest = {
    heads,
    kvHeads,
    headDim,
    rope: architecture.rope,
    rotary,
    epsilon,
    batch,
    qkv,
    qkvStride: strides.qkv,
    angles: weights.angles,
    qkNorm: layer.qkNorm,
    keys: cache.keys[index]!,
    values: cache.values[index]!,
    out: attended,
    outStride: strides.attended,
  };
  const fromNormed = { x: normed, xStride: strides.normed };
  const toResidual = { y: residual, yStride: strides.residual, epilogue: 'residual' as const };
  const toHidden = { y: hidden, yStride: strides.hidden };

  const steps = [
    normalise('attention norm', layer.attentionNorm),
    ...layer.qkv.map(({ matrix, offset }) =>
      product({
        label: 'q, k, v',
        matrix,
        batch,
        ...fromNormed,
        y: qkv,
        yStride: strides.qkv,
        yOffset: offset,
        bias: layer.qkvBias,
        biasOffset: offset,
        epilogue: 'store',
      }),
    ),
    mode === 'decode' ? decodeAttention(context, attention) : prefillAttention(context, attention),
    product({
      label: 'attention output',
      matrix: layer.output,
      batch,
      x: attended,
      xStride: strides.attended,
      bias: layer.outputBias,
      ...toResidual,
    }),
    normalise('feed-forward norm', layer.feedForwardNorm),
    ...planUp(layer, architecture.activation).map(({ matrix, epilogue }) =>
      product({
        label: 'feed-forward up',
        matrix,
        batch,
        ...fromNormed,
        ...toHidden,
        bias: layer.upBias,
        epilogue,
      }),
    ),
    product({
      label: 'feed-forward down',
      matrix: layer.down,
      batch,
      x: hidden,
      xStride: strides.hidden,
      bias: layer.downBias,
      ...toResidual,
    }),
  ];
  return (await Promise.all(steps)).flat();
}

/** SwiGLU is one product if gate and up lie together, otherwise the gate first and then up onto it; GELU is one product. */
export function planUp(layer: LayerWeights, activation: 'swiglu' | 'gelu') {
  const [first, second] = layer.up as readonly [LayerWeights['down'], LayerWeights['down']?];
  if (activation === 'gelu') return [{ matrix: first, epilogue: 'gelu' as const }];
  if (!second) return [{ matrix: first, epilogue: 'swiglu' as const }];
  return [
    { matrix: first, epilogue: 'store' as const },
    { matrix: second, epilogue: 'gated' as const },
  ];
}

/** From the residual stream to the logits of the rows that the batch names as outputs. */
export async function planHead(
  context: KernelContext,
  model: Model,
  shape: ProductShape,
): Promise<Dispatch[]> {
  const { config, weights, batch, activations } = model;
  const { width, epsilon, vocabularySize } = config;
  const { residual: x, normed: y, logits } = activations;
  const steps = await Promise.all([
    norm(context, {
      label: 'output norm',
      weights: weights.outputNorm,
      width,
      epsilon,
      batch,
      x,
      y,
      over: 'outputs',
    }),
    matrixProduct(context, shape, {
      label: 'output head',
      matrix: weights.head,
      batch,
      x: y,
      xStride: activationWidths(config).normed,
      y: logits,
      yStride: vocabularySize,
      epilogue: 'store',
      over: 'outputs',
    }),
  ]);
  return steps.flat();
}

/** From the logits to their summaries. */
export async function planSummary(context: KernelContext, model: Model): Promise<Dispatch[]> {
  const { activations, batch, config } = model;
  const { logits, summaries: out } = activations;
  return [await logitSummary(context, { batch, logits, out, vocabularySize: config.vocabularySize })];
}
