import { EngineError, type LoadProgress } from '../../contract.ts';
import { numericsId } from '../../numerics.ts';
import type { TensorFile } from '../gguf/header.ts';
import { Buffers, checkedAllocation } from '../gpu/buffers.ts';
import { type DeviceOptions, openDevice, type OpenDevice } from '../gpu/device.ts';
import type { DeviceWatch } from '../gpu/device_watch.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import { type Dispatch, encodePlans } from '../gpu/plan.ts';
import { Profiler } from '../gpu/profiler.ts';
import { type Mark, type PendingRead, Readback } from '../gpu/readback.ts';
import { shadersVersion } from '../gpu/shaders.ts';
import { groupWidth, type KernelContext, MAX_ROWS, MAX_SEQUENCES, type Reducer } from '../kernels/context.ts';
import { SUMMARY_WORDS } from '../kernels/logit_summary.ts';
import type { ProductShape } from '../kernels/matrix_product.ts';
import { Batch, type BatchRow } from '../kernels/batch.ts';
import type { ModelConfig } from './config.ts';
import { createActivations, type Model, type PassMode, planBody, planHead, planSummary } from './forward.ts';
import { copyPage, createKvCache, type KvCache } from './kv_cache.ts';
import { checkMemory, type MemoryPlan, planMemory } from './memory_plan.ts';
import { WeightLoader } from './weights.ts';

export interface RuntimeOptions extends DeviceOptions {
  readonly gpu: GPU | undefined;
  readonly contextLength?: number;
  /** Bytes of graphics memory that may be used; no bound when absent, since WebGPU does not tell. */
  readonly availableMemory?: number;
  /** Which matrix × vector shader; the adapter's own best when absent. */
  readonly reducer?: Reducer;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** One forward pass. */
export interface Pass {
  readonly mode: PassMode;
  readonly rows: readonly BatchRow[];
  /** Rows whose logits are wanted; at most 16. */
  readonly outputs: readonly number[];
  readonly tables: readonly (readonly number[])[];
  /** Bring back what the logits come to (kernels/logit_summary.ts) instead of the logits. */
  readonly summarise?: boolean;
  /** Pages to copy first, [source, target]. */
  readonly copies?: readonly (readonly [number, number])[];
}

/** A model on one device: its weights, KV cache and run state, and the plans that have been needed so far. */
export class Runtime {
  readonly #plans = new Map<string, Promise<Dispatch[]>>();
  readonly #one: Readback;
  readonly #many: Readback;
  readonly #summaries: Readback;
  readonly #batch: Batch;
  readonly #cache: KvCache;
  readonly #model: Model;
  profiler: Profiler | undefined;

  private constructor(
    readonly opened: OpenDevice,
    readonly context: KernelContext,
    readonly memory: MemoryPlan,
    parts: { model: Model; batch: Batch; cache: KvCache },
  ) {
    this.#model = parts.model;
    this.#batch = parts.batch;
    this.#cache = parts.cache;
    const row = parts.model.config.vocabularySize * 4;
    const readback = (label: string, bytes: number) =>
      new Readback(context.buffers, context.waiting, label, bytes);
    this.#one = readback('logits of one row', row);
    this.#many = readback('logits of sixteen rows', row * MAX_SEQUENCES);
    this.#summaries = readback('summaries', SUMMARY_WORDS * MAX_SEQUENCES * 4);
  }

  /** @throws EngineError `no-webgpu`, `no-adapter`, `out-of-memory`, `bad-file`, `unsupported-format`, `aborted` … */
  static async open(file: TensorFile, config: ModelConfig, options: RuntimeOptions): Promise<Runtime> {
    const opened = await openDevice(options.gpu, options);
    const { device } = opened;
    const buffers = new Buffers(device);
    try {
      const memory = planMemory(file, config, device.limits, options.contextLength);
      checkMemory(memory, options.availableMemory ?? Infinity);
      const context: KernelContext = {
        device,
        buffers,
        pipelines: new Pipelines(device),
        reducer: options.reducer ?? bestReducer(opened),
        f16: opened.features.has('shader-f16'),
        integerHalves: false,
        subgroupSize: opened.subgroupSize,
        waiting: opened.waiting,
      };
      options.onProgress?.({ stage: 'shaders', loadedBytes: 0, totalBytes: memory.weights });
      const loader = new WeightLoader(context, file, config, options.signal);
      const weights = await checkedAllocation(device, `the weights of ${config.name}`, () =>
        loader.allocate(memory.contextLength),
      );
      const parts = await checkedAllocation(device, `a context of ${memory.contextLength} tokens`, () => {
        const cache = createKvCache(buffers, config, memory.pages);
        const batch = new Batch(buffers, memory.contextLength);
        const activations = createActivations(buffers, config);
        return { cache, batch, model: { config, weights, cache, activations, batch: batch.buffer } };
      });
      const runtime = new Runtime(opened, context, memory, parts);
      // Compiling goes on beside the upload.
      const compiled = runtime.#warmUp();
      await loader.fill(options.onProgress);
      await compiled;
      await opened.waiting(device.queue.onSubmittedWorkDone());
      opened.watch.check();
      return runtime;
    } catch (error) {
      const reason = await loadFailure(opened.watch, error);
      buffers.destroy();
      device.destroy();
      throw reason;
    }
  }

  get chunk(): number {
    // A submit is bounded, so that a software adapter still answers Stop within a second or two.
    return this.opened.software ? 32 : MAX_ROWS;
  }

  /** Whether a row's logits have the same bits in a step as in the pass over a prompt. */
  get sameBits(): boolean {
    return this.context.reducer === 'rows';
  }

  /** How logits are computed here (engines/numerics.ts). */
  get numerics(): string {
    const { reducer, f16, subgroupSize } = this.context;
    const subgroups =
      reducer === 'subgroups' ? subgroupSize || 'varying' : reducer === 'rows' ? subgroupSize : 0;
    return numericsId('webgpu', {
      shaders: shadersVersion,
      reducer,
      width: groupWidth(this.context),
      subgroups: subgroups || 'none',
      f16: f16 ? 'yes' : 'no',
      kv: 'f32',
      tile: reducer === 'rows' ? 'none' : 64,
    });
  }

  /**
   * @returns logits of each output, [vocabulary] each, or its summary, [SUMMARY_WORDS]
   * @throws EngineError `device-lost`; `out-of-memory` or `device-error`, after which nobody knows what `copies` and `rows`
   *   wrote
   */
  async run(pass: Pass): Promise<Float32Array<ArrayBuffer>[]> {
    try {
      return await this.#run(pass);
    } catch (error) {
      throw await this.opened.watch.reasonOf(error);
    }
  }

  async #run(pass: Pass): Promise<Float32Array<ArrayBuffer>[]> {
    const { device } = this.context;
    const { watch } = this.opened;
    const { rows, outputs, tables, copies = [], summarise = false } = pass;
    const plans = await Promise.all([
      this.#plan(pass.mode, this.#shapeFor(rows.length, pass.mode)),
      outputs.length > 0 ? this.#plan('head', this.#shapeFor(outputs.length, 'decode')) : [],
      summarise ? this.#plan('summary', 1) : [],
    ]);
    watch.check();
    const mark = this.#batch.write(device.queue, rows, outputs, tables);
    const encoder = device.createCommandEncoder();
    for (const [source, target] of copies) copyPage(encoder, this.#cache, source, target);
    encodePlans(encoder, plans, { rows: rows.length, outputs: outputs.length }, this.profiler);
    const { width, results } = this.#copyOut(encoder, outputs.length, summarise, mark);
    device.queue.submit([encoder.finish()]);
    const read = await results.read();
    watch.check();
    if (outputs.length === 1) return [read];
    return outputs.map((_, i) => read.slice(i * width, (i + 1) * width));
  }

  /** A pass without outputs brings back its mark alone. */
  #copyOut(
    encoder: GPUCommandEncoder,
    outputs: number,
    summarise: boolean,
    mark: Mark,
  ): { width: number; results: PendingRead } {
    const { logits, summaries } = this.#model.activations;
    const width = summarise ? SUMMARY_WORDS : this.#model.config.vocabularySize;
    const readback = summarise || outputs === 0 ? this.#summaries : outputs === 1 ? this.#one : this.#many;
    const source = summarise ? summaries : logits;
    return { width, results: readback.copy(encoder, source, outputs * width * 4, mark) };
  }

  /** Starts timing each kernel. @returns false where the adapter has no timestamps */
  startProfiling(): boolean {
    if (!this.opened.features.has('timestamp-query')) return false;
    this.profiler ??= new Profiler(this.context.device, this.context.buffers);
    return true;
  }

  /** Back to one pass for all kernels. */
  stopProfiling(): void {
    this.profiler?.destroy();
    this.profiler = undefined;
  }

  destroy(): void {
    this.profiler?.destroy();
    this.context.buffers.destroy();
    this.context.device.destroy();
  }

  /** Tiles for a prompt; for steps the smallest shape that takes so many rows in one group. */
  #shapeFor(rows: number, mode: PassMode): ProductShape {
    const { reducer, subgroupSize } = this.context;
    // Where loads cannot be shared between lanes, a shader of its own for one row is not worth its compiling.
    if (reducer === 'rows') return rows === 1 && subgroupSize === 8 ? 1 : 8;
    // However few rows: the bits of a prompt's keys and values do not depend on how it was cut.
    if (mode === 'prefill') return 'tile';
    return rows === 1 ? 1 : rows === 2 ? 2 : rows <= 4 ? 4 : 8;
  }

  #plan(kind: PassMode | 'head' | 'summary', shape: ProductShape): Promise<Dispatch[]> {
    const key = `${kind} ${shape}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      if (kind === 'head') plan = planHead(this.context, this.#model, shape);
      else if (kind === 'summary') plan = planSummary(this.context, this.#model);
      else plan = planBody(this.context, this.#model, kind, shape);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  async #warmUp(): Promise<void> {
    await Promise.all([
      this.#plan('decode', this.#shapeFor(1, 'decode')),
      this.#plan('head', this.#shapeFor(1, 'decode')),
      this.#plan('prefill', this.#shapeFor(MAX_ROWS, 'prefill')),
    ]);
  }
}

/** What the page says of a load that failed. */
async function loadFailure(watch: DeviceWatch, error: unknown): Promise<unknown> {
  if (error instanceof EngineError && error.code !== 'device-lost') return error;
  const reason = await watch.reasonOf(error instanceof EngineError ? undefined : error);
  if (reason.code !== 'device-lost') return reason;
  return new EngineError(
    'device-lost',
    'The graphics device was lost while the model was loaded; please load it again, or choose the CPU engine.',
    { cause: reason },
  );
}

/** Barriers are what a CPU that plays the GPU pays for; a GPU is quickest with subgroups. */
function bestReducer({ software, subgroupSize }: OpenDevice): Reducer {
  if (software) return 'rows';
  return subgroupSize > 0 ? 'subgroups' : 'tree';
}
