import { EngineError } from '../../engines/contract.ts';
import { readConfig } from '../../engines/webgpu/model/config.ts';
import { type MemoryPlan, planMemory } from '../../engines/webgpu/model/memory_plan.ts';
import { Metadata, type MetadataValue } from '../../engines/gguf/metadata.ts';
import { HUB_MODELS, type HubModel } from '../../models/hub_models.ts';
import { memoryBound } from './memory_bound.ts';
import { type PlannedTensor, plannedTensors } from './planned_tensors.ts';

export interface PlannedModel {
  readonly model: HubModel;
  readonly parameters: number;
  /** Bytes of the tensors; the file is larger by its header, the vocabulary mostly. */
  readonly fileBytes: number;
  /** What it will take here, by our own engine's arithmetic; null where that cannot run it. */
  readonly plan: MemoryPlan | null;
  /** Why it will not run here; null where it should. */
  readonly problem: string | null;
}

/** What llama.cpp in 32-bit WebAssembly can map of one file, in bytes. */
const MAX_CPU_FILE = 2 ** 31;
const tooLargeForCpu = 'this browser gives no WebGPU adapter, and on the CPU a file may have 2 GB at most';

/** What an adapter allows, in bytes. `available` is of the machine's memory where the browser tells. */
export interface AdapterRoom {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly available: number | null;
}

/** @returns null without WebGPU */
export async function adapterRoom(): Promise<AdapterRoom | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return { maxBufferSize, maxStorageBufferBindingSize, available: memoryBound().availableMemory ?? null };
}

/** @param contextLength tokens for which the KV cache is planned */
export function planModels(room: AdapterRoom | null, contextLength: number): PlannedModel[] {
  return HUB_MODELS.map((model) => planModel(model, room, contextLength));
}

function planModel(model: HubModel, room: AdapterRoom | null, contextLength: number): PlannedModel {
  const tensors = plannedTensors(model.shape, model.format);
  const fileBytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const parameters = tensors.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  const planned = { model, parameters, fileBytes };
  // On the CPU there is another engine, whose arithmetic is not known here.
  if (!room) return { ...planned, plan: null, problem: fileBytes < MAX_CPU_FILE ? null : tooLargeForCpu };
  try {
    const plan = planOf(model, tensors, room, contextLength);
    return { ...planned, plan, problem: problemOf(plan, room) };
  } catch (error) {
    if (error instanceof EngineError) return { ...planned, plan: null, problem: error.message };
    throw error;
  }
}

function planOf(
  model: HubModel,
  tensors: readonly PlannedTensor[],
  room: AdapterRoom,
  contextLength: number,
): MemoryPlan {
  const { shape } = model;
  const arch = shape.architecture;
  const values = new Map<string, MetadataValue>([
    ['general.architecture', arch],
    ['general.name', model.name],
    [`${arch}.context_length`, shape.contextLength],
    [`${arch}.embedding_length`, shape.embeddingLength],
    [`${arch}.block_count`, shape.layers],
    [`${arch}.feed_forward_length`, shape.feedForwardLength],
    [`${arch}.attention.head_count`, shape.heads],
    [`${arch}.attention.head_count_kv`, shape.kvHeads],
    [`${arch}.attention.key_length`, shape.headLength],
  ]);
  const file = {
    version: 3,
    metadata: new Metadata(values, model.path),
    tensors: new Map(tensors.map((tensor) => [tensor.name, { ...tensor, offset: 0 }])),
    source: {
      name: model.path,
      size: 0,
      read: () => Promise.reject(new EngineError('bad-file', `${model.path} is not here yet.`)),
    },
  };
  return planMemory(file, readConfig(file), room, contextLength);
}

function problemOf(plan: MemoryPlan, { available }: AdapterRoom): string | null {
  if (available === null || plan.total <= available) return null;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en-GB')} MB`;
  return `it takes ${mb(plan.total)}, and this machine has about ${mb(available)} for it`;
}
