import { EngineError, type LoadOptions } from '../../contract.ts';
import { numericsId } from '../../numerics.ts';
import type { TensorFile } from '../../gguf/header.ts';
import { Buffers, checkedAllocation } from '../gpu/buffers.ts';
import { type DeviceOptions, openDevice, type OpenDevice } from '../gpu/device.ts';
import type { DeviceWatch } from '../gpu/device_watch.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import { type Dispatch, encodePlans } from '../gpu/plan.ts';
import { Profiler } from '../gpu/profiler.ts';
import { type Mark, type PendingRead, Readback } from '../gpu/readback.ts';
import { shadersVersion } from '../gpu/shaders.ts';
import { groupWidth, type KernelContext, MAX_ROWS, MAX_SEQUENCES } from '../kernels/context.ts';
import { SUMMARY_WORDS, summaryWords } from '../kernels/logit_summary.ts';
import type { ProductShape } from '../kernels/matrix_product.ts';
import { Batch, type BatchRow } from '../kernels/batch.ts';
import { bestVariants, type Reducer, shapeFor, type Variants } from '../kernels/variants.ts';
import { SelfTest } from '../selftest/self_test.ts';
import { verdictsInMemory, type VerdictStore } from '../selftest/verdicts.ts';
import type { ModelConfig } from './config.ts';
import { createActivations, type Model, type PassMode, planBody, planHead, planSummary } from './forward.ts';
import { copyPage, createKvCache, type KvCache } from './kv_cache.ts';
import { type PlanKind, needsOf } from './needs.ts';
import { checkMemory, type MemoryPlan, planMemory } from './memory_plan.ts';
import { WeightLoader } from './weights.ts';

/** Keeps verdicts of the self-test for this process if the caller passes no store. */
const inThisProcess = verdictsInMemory();

export interface RuntimeOptions extends DeviceOptions, Partial<LoadOptions> {
  readonly gpu: GPU | undefined;
  readonly contextLength?: number;
  /** Bytes of graphics memory that may be used; no bound if absent, since WebGPU does not report the size. */
  readonly availableMemory?: number;
  /** Which matrix × vector shader; default: the adapter's fastest. */
  readonly reducer?: Reducer;
  /** Where the verdicts of the self-test are kept; default: only in this process. */
  readonly verdicts?: VerdictStore;
}

/** One forward pass. */
export interface Pass {
  readonly mode: PassMode;
  readonly rows: readonly BatchRow[];
  /** Rows whose logits are wanted; at most 16. */
  readonly outputs: readonly number[];
  readonly tables: readonly (readonly number[])[];
  /** Return summaries (kernels/logit_summary.ts) instead of the logits. */
  readonly summarise?: boolean;
  /** Pages to copy first, [source, target]. */
  readonly copies?: readonly (readonly [number, number])[];
}

/** A model on one device: its weights, KV cache and activations, and the plans that were needed so far. */
export class Runtime {
  #context: KernelContext;
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
    context: KernelContext,
    readonly tests: SelfTest,
    readonly memory: MemoryPlan,
    parts: { model: Model; batch: Batch; cache: KvCache },
  ) {
    this.#context = context;
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
        waiting: opened.waiting,
        ...bestVariants(opened, options.reducer),
      };
      const key = [opened.adapter, globalThis.navigator?.userAgent ?? 'Node', shadersVersion].join(' | ');
      const tests = await SelfTest.open(context, options.verdicts ?? inThisProcess, key);
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
      const runtime = new Runtime(opened, context, tests, memory, parts);
      // Compiling and testing run in parallel with the upload.
      await Promise.all([runtime.#warmUp(), loader.fill(options.onProgress)]);
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

  /** The context for creating kernels; a detour of the self-test changes it. */
  get context(): KernelContext {
    return this.#context;
  }

  get chunk(): number {
    // Submits are short on a software adapter, so that it still answers Stop within a second or two.
    return this.opened.software ? 32 : MAX_ROWS;
  }

  /** Whether a token's logits have the same bits in a step as in the prefill of a prompt. */
  get sameBits(): boolean {
    return this.#context.reducer === 'rows';
  }

  /** How logits are computed here (engines/numerics.ts). */
  get numerics(): string {
    const { reducer, f16, subgroupSize, integerHalves, tiles, shapes } = this.#context;
    const subgroups =
      reducer === 'subgroups' ? subgroupSize || 'varying' : reducer === 'rows' ? subgroupSize : 0;
    return numericsId('webgpu', {
      shaders: shadersVersion,
      reducer,
      width: groupWidth(this.#context),
      subgroups: subgroups || 'none',
      f16: f16 ? 'yes' : 'no',
      kv: 'f32',
      tile: tiles ? 64 : 'none',
      halves: integerHalves ? 'integer' : 'unpacked',
      batch: shapes ? 'shapes' : 'one',
    });
  }

  /**
   * @returns logits of each output, [vocabulary] each, or its summary, [SUMMARY_WORDS]
   * @throws EngineError `device-lost`; `out-of-memory` or `device-error`, after which the content of the pages that `copies` and
   *   `rows` write is unknown
   */
  async run(pass: Pass): Promise<Float32Array<ArrayBuffer>[]> {
    try {
      return await this.#run(pass);
    } catch (error) {
      throw await this.opened.watch.reasonOf(error);
    }
  }

  async #run(pass: Pass): Promise<Float32Array<ArrayBuffer>[]> {
    const { device } = this.#context;
    const { watch } = this.opened;
    const { rows, outputs, tables, copies = [], summarise = false } = pass;
    const plans = await Promise.all([
      this.#planFor(pass.mode, rows.length),
      outputs.length > 0 ? this.#planFor('head', outputs.length) : [],
      summarise ? this.#planFor('summary', 1) : [],
    ]);
    watch.check();
    const mark = this.#batch.write(device.queue, rows, outputs, tables);
    const encoder = device.createCommandEncoder();
    for (const [source, target] of copies) copyPage(encoder, this.#cache, source, target);
    encodePlans(encoder, plans, { rows: rows.length, outputs: outputs.length }, this.profiler);
    const summed = summarise && this.#context.summaries;
    const { width, results } = this.#copyOut(encoder, outputs.length, summed, mark);
    device.queue.submit([encoder.finish()]);
    const read = await results.read();
    watch.check();
    const each =
      outputs.length === 1 ? [read] : outputs.map((_, i) => read.slice(i * width, (i + 1) * width));
    if (summed || !summarise) return each;
    return each.map((logits, i) => summaryWords(logits, rows[outputs[i]!]!.next));
  }

  /** Records the copy of the results. A pass without outputs copies only its mark. */
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

  /** Starts timing each kernel. @returns false if the adapter has no timestamps */
  startProfiling(): boolean {
    if (!this.opened.features.has('timestamp-query')) return false;
    this.profiler ??= new Profiler(this.#context.device, this.#context.buffers);
    return true;
  }

  /** Returns to one pass for all kernels. */
  stopProfiling(): void {
    this.profiler?.destroy();
    this.profiler = undefined;
  }

  destroy(): void {
    this.profiler?.destroy();
    this.#context.buffers.destroy();
    this.#context.device.destroy();
  }

  /**
   * A plan whose kernels passed the self-test.
   * @param kind with `summary`, the plan is [] if the GPU does not summarise logits
   */
  async #planFor(kind: PlanKind, rows: number): Promise<Dispatch[]> {
    if (!this.#plans.has(this.#planKey(kind, rows))) await this.#prove([[kind, rows]], true);
    return this.#plan(kind, rows);
  }

  async #prove(plans: readonly (readonly [PlanKind, number])[], running: boolean): Promise<void> {
    const needs = (variants: Variants) =>
      plans.flatMap(([kind, rows]) => needsOf(this.#model, kind, rows, variants));
    await this.tests.prove(needs, running);
    this.#context = { ...this.#context, ...this.tests.variants };
  }

  #shapeFor(kind: PlanKind, rows: number): ProductShape {
    return shapeFor(this.#context, rows, kind === 'prefill' ? 'prefill' : 'decode');
  }

  #planKey(kind: PlanKind, rows: number): string {
    return kind === 'summary' ? kind : `${kind} ${this.#shapeFor(kind, rows)}`;
  }

  #plan(kind: PlanKind, rows: number): Promise<Dispatch[]> {
    const key = this.#planKey(kind, rows);
    let plan = this.#plans.get(key);
    if (!plan) {
      const shape = this.#shapeFor(kind, rows);
      if (kind === 'head') plan = planHead(this.#context, this.#model, shape);
      else if (kind !== 'summary') plan = planBody(this.#context, this.#model, kind, shape);
      else plan = this.#context.summaries ? planSummary(this.#context, this.#model) : Promise.resolve([]);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  async #warmUp(): Promise<void> {
    const first = [
      ['decode', 1],
      ['head', 1],
      ['prefill', MAX_ROWS],
    ] as const;
    await this.#prove(first, false);
    await Promise.all(first.map(([kind, rows]) => this.#plan(kind, rows)));
  }
}

/** The error that the page shows for a load that failed. */
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
