/** Describes a model that is not downloaded yet as a file without weights: its shape tells how much memory it would take. */
import { EngineError } from '../../contract.ts';
import type { GgufFile } from '../../gguf/header.ts';
import { Metadata, type MetadataValue } from '../../gguf/metadata.ts';
import { readConfig } from './config.ts';
import { type DeviceLimits, type MemoryPlan, planMemory } from './memory_plan.ts';
import { type FileFormat, type ModelShape, plannedTensors } from './planned_tensors.ts';

export function plannedFile(model: {
  readonly name: string;
  readonly path: string;
  readonly shape: ModelShape;
  readonly format: FileFormat;
}): GgufFile {
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
  return {
    version: 3,
    metadata: new Metadata(values, model.path),
    tensors: plannedTensors(shape, model.format),
    source: {
      name: model.path,
      size: 0,
      read: () => Promise.reject(new EngineError('bad-file', `${model.path} is not here yet.`)),
    },
  };
}

/** @param contextLength tokens for which the KV cache is planned. @throws EngineError if our engine cannot run the model */
export function planFile(file: GgufFile, limits: DeviceLimits, contextLength: number): MemoryPlan {
  return planMemory(file, readConfig(file), limits, contextLength);
}
