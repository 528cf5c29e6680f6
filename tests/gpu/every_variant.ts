/**
 * Collects every shader variant that the engine can request from the kernels themselves. Each kernel is called over the whole
 * space of its options, with pipelines that only record the requests.
 */
import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import { Buffers } from '../../src/engines/webgpu/gpu/buffers.ts';
import type { OpenDevice } from '../../src/engines/webgpu/gpu/device.ts';
import { type PipelineRequest, Pipelines } from '../../src/engines/webgpu/gpu/pipelines.ts';
import { variantKey } from '../../src/engines/webgpu/gpu/shaders.ts';
import {
  type AttentionRequest,
  decodeAttention,
  prefillAttention,
} from '../../src/engines/webgpu/kernels/attention.ts';
import type { KernelContext } from '../../src/engines/webgpu/kernels/context.ts';
import { embed } from '../../src/engines/webgpu/kernels/embed.ts';
import { logitSummary } from '../../src/engines/webgpu/kernels/logit_summary.ts';
import { createMatrix } from '../../src/engines/webgpu/kernels/matrix.ts';
import {
  type Epilogue,
  matrixProduct,
  type ProductShape,
} from '../../src/engines/webgpu/kernels/matrix_product.ts';
import { bestVariants, type Reducer } from '../../src/engines/webgpu/kernels/variants.ts';
import { norm } from '../../src/engines/webgpu/kernels/norm.ts';

// Records, so that this does not compile when a kernel gets another option.
const EPILOGUES: Record<Epilogue, true> = {
  store: true,
  residual: true,
  swiglu: true,
  gelu: true,
  gated: true,
};
const REDUCERS: Record<Reducer, true> = { rows: true, tree: true, subgroups: true };
const ROPES: Record<AttentionRequest['rope'], true> = { pairs: true, halves: true, none: true };
const PRODUCT_SHAPES: readonly ProductShape[] = [1, 2, 4, 8, 'tile'];
/** Head widths of published models, the smallest, the largest that a file may have, and one that fills no 64. */
const HEAD_DIMS = [4, 40, 64, 128, 256];

const keys = <K extends string>(record: Record<K, true>) => Object.keys(record) as K[];

class RecordingPipelines extends Pipelines {
  readonly asked = new Map<string, PipelineRequest>();

  override get(request: PipelineRequest): Promise<GPUComputePipeline> {
    this.asked.set(variantKey(request), request);
    return Promise.resolve({} as GPUComputePipeline);
  }
}

/** @returns each variant once, by its key, for a device with these features and the same one without them */
export async function requestEverything(
  device: GPUDevice,
  { features, subgroupSize, waiting }: Omit<OpenDevice, 'device'>,
): Promise<Map<string, PipelineRequest>> {
  const buffers = new Buffers(device);
  const pipelines = new RecordingPipelines(device);
  const buffer = buffers.storage('scratch:anything', 65_536);
  const shared = { batch: buffer, x: buffer, xStride: 32, y: buffer, yStride: 32 };

  for (const f16 of features.has('shader-f16') ? [false, true] : [false]) {
    for (const lanes of new Set([0, subgroupSize])) {
      for (const reducer of keys(REDUCERS)) {
        if (reducer === 'subgroups' && !features.has('subgroups')) continue;
        const best = bestVariants({ software: false, features, subgroupSize: lanes }, reducer);
        const own = { ...best, f16 };
        const context: KernelContext = { device, buffers, pipelines, waiting, ...own };
        const byHand = { ...context, integerHalves: true };
        for (const format of Object.keys(BLOCK_FORMATS) as BlockFormat[]) {
          const matrix = createMatrix(context, { label: format, format, rows: 8, columns: 256 });
          for (const by of ['token', 'position'] as const)
            await embed(context, { matrix, batch: buffer, x: buffer, xStride: 256, by });
          // Halves that are decoded by hand, in every format and beside the f16 of the tile.
          await embed(byHand, { matrix, batch: buffer, x: buffer, xStride: 256, by: 'token' });
          await matrixProduct(byHand, 'tile', { label: '', matrix, ...shared, epilogue: 'store' });
          for (const shape of PRODUCT_SHAPES) {
            for (const epilogue of keys(EPILOGUES)) {
              for (const bias of [null, buffer]) {
                for (const over of ['rows', 'outputs'] as const)
                  await matrixProduct(context, shape, { label: '', matrix, ...shared, bias, epilogue, over });
              }
            }
          }
        }
        await requestTheRest(context, buffer);
      }
    }
  }
  buffers.destroy();
  return pipelines.asked;
}

/** The kernels without block formats. */
async function requestTheRest(context: KernelContext, buffer: GPUBuffer): Promise<void> {
  for (const bias of [null, buffer]) {
    for (const over of ['rows', 'outputs'] as const) {
      const weights = { weight: buffer, bias };
      await norm(context, {
        label: '',
        weights,
        width: 32,
        epsilon: 1,
        batch: buffer,
        x: buffer,
        y: buffer,
        over,
      });
    }
  }
  for (const headDim of HEAD_DIMS) {
    for (const rope of keys(ROPES)) {
      for (const qkNorm of [null, buffer]) {
        const request: AttentionRequest = {
          ...{ heads: 1, kvHeads: 1, headDim, rope, rotary: headDim, epsilon: 1, qkNorm },
          ...{ batch: buffer, qkv: buffer, qkvStride: 32, angles: rope === 'none' ? null : buffer },
          ...{ keys: buffer, values: buffer, out: buffer, outStride: 32 },
        };
        await decodeAttention(context, request);
        await prefillAttention(context, request);
      }
    }
  }
  await logitSummary(context, { batch: buffer, logits: buffer, out: buffer, vocabularySize: 32 });
}
