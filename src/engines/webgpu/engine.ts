import {
  type ByteSource,
  type Capabilities,
  type Engine,
  type EngineDescription,
  type ModelInfo,
  type StepMeasure,
  type Tokenizer,
} from '../contract.ts';
import { DeviceCounter } from './gpu/device_counter.ts';
import { describeFile } from '../gguf/describe.ts';
import { openGguf } from '../gguf/header.ts';
import { MAX_SEQUENCES } from './kernels/context.ts';
import { SUMMARY_TOP } from './kernels/logit_summary.ts';
import { type ModelConfig, readConfig } from './model/config.ts';
import { measureStep } from './measure_step.ts';
import { kvBytesPerToken } from './model/memory_plan.ts';
import { Runtime, type RuntimeOptions } from './model/runtime.ts';
import { WebGpuSession } from './model/session.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';

export interface WebGpuEngineOptions extends RuntimeOptions {
  /** Counts at the device from its first call on, so that the engine can measure a step. */
  readonly counted?: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads a GGUF model and puts it on the GPU.
 * @throws EngineError says in one sentence what is wrong with the file, the machine or the network
 */
export async function loadWebGpuEngine(
  source: ByteSource,
  { counted = false, ...rest }: WebGpuEngineOptions,
): Promise<Engine> {
  const counter = counted ? new DeviceCounter() : null;
  const options: RuntimeOptions = counter ? { ...rest, onDevice: (device) => counter.watch(device) } : rest;
  options.onProgress?.({ stage: 'header', loadedBytes: 0, totalBytes: source.size });
  const file = await openGguf(source, options.signal);
  const config = readConfig(file);
  options.onProgress?.({ stage: 'tokenizer', loadedBytes: 0, totalBytes: source.size });
  const tokenizer = createTokenizer(file.metadata);
  // The metadata of a large vocabulary is tens of megabytes of strings. Nothing needs them after this point.
  const model = describeFile(file);
  const tensors = { tensors: file.tensors, source: file.source };
  const runtime = await Runtime.open(tensors, config, options);
  // A signal that cancels the first load must not cancel a recovery hours later.
  const lasting: Writable<RuntimeOptions> = { ...options, afterLoss: true };
  delete lasting.signal;
  delete lasting.onProgress;
  const session = new WebGpuSession(config, runtime, () => Runtime.open(tensors, config, lasting));
  options.onProgress?.({ stage: 'ready', loadedBytes: source.size, totalBytes: source.size });
  return new WebGpuEngine({ ...model, ...describeRuntime(config, runtime) }, tokenizer, session, counter);
}

class WebGpuEngine implements Engine {
  readonly kind = 'webgpu';
  readonly capabilities: Capabilities;

  constructor(
    readonly model: ModelInfo,
    readonly tokenizer: Tokenizer,
    readonly session: WebGpuSession,
    private readonly counter: DeviceCounter | null,
  ) {
    this.capabilities = {
      logits: 'full',
      maxLogprobs: model.vocabularySize,
      fork: true,
      promptLogprobs: true,
      summaryTop: Math.min(SUMMARY_TOP, model.vocabularySize),
      maxBatch: MAX_SEQUENCES,
      tokenizer: true,
    };
  }

  describe(): EngineDescription {
    const { opened, numerics, tests } = this.session.runtime;
    const { adapter, software, features } = opened;
    return { adapter, software, features: [...features], numerics, selfTest: tests.report };
  }

  async measure(): Promise<StepMeasure | null> {
    const { session, counter, model, tokenizer } = this;
    return counter && measureStep(session, counter, model, tokenizer.bos ?? 0);
  }

  dispose(): void {
    this.session.runtime.destroy();
  }
}

/** The facts about the model that depend on this device and these options. */
function describeRuntime(config: ModelConfig, { memory, context }: Runtime) {
  return {
    name: config.name,
    architecture: config.architecture.name,
    vocabularySize: config.vocabularySize,
    contextLength: memory.contextLength,
    layers: config.layers,
    embeddingLength: config.width,
    weightBytes: context.buffers.bytes('weights:'),
    kvBytesPerToken: kvBytesPerToken(config),
  };
}
