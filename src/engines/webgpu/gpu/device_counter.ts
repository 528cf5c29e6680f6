/**
 * Counts the work of a device at the device itself. It wraps the device's methods in place, so the counts do not depend on the
 * engine's own bookkeeping. A command counts when it is submitted, not when it is recorded.
 *
 * The byte counts rely on two conventions. Buffers of weights have labels that begin with `weights:`. A dispatch reads the whole
 * of each such range that is bound to it, unless its pipeline or one of its bind groups is labelled `gather:…`: then it reads
 * only a few rows (an embedding), which are not counted.
 */
import type { StepCounters } from '../../contract.ts';

/** The counts that the device can see. It cannot see the KV share that a dispatch reads: that depends on numbers in buffers. */
export type DeviceCounts = Omit<StepCounters, 'kvBytes'>;

const WEIGHTS = 'weights:';
const GATHER = 'gather:';

type Counts = { -readonly [key in keyof DeviceCounts]: number };

/** Commands recorded in one encoder. They are counted when its command buffer is submitted. */
interface Recorded {
  dispatches: number;
  weightBytes: number;
  readbackBytes: number;
}

interface GroupFacts {
  readonly gathers: boolean;
  readonly weightBytes: number;
}

interface PipelineFacts {
  readonly gathers: boolean;
  /** Number of bind groups of the pipeline; those above it are left over from other pipelines. */
  readonly groups: number;
}

const none = (): Counts => ({
  dispatches: 0,
  submits: 0,
  writeBuffers: 0,
  buffersCreated: 0,
  bindGroupsCreated: 0,
  weightBytes: 0,
  readbackBytes: 0,
});

export class DeviceCounter {
  readonly #counts = none();
  readonly #groups = new WeakMap<GPUBindGroup, GroupFacts>();
  readonly #layoutGroups = new WeakMap<GPUPipelineLayout, number>();
  readonly #pipelines = new WeakMap<GPUComputePipeline, PipelineFacts>();
  readonly #recorded = new WeakMap<GPUCommandBuffer, Recorded>();

  /** Everything since the start. */
  get total(): DeviceCounts {
    return { ...this.#counts };
  }

  /** @returns the same device; its calls are counted from now on */
  watch(device: GPUDevice): GPUDevice {
    const counts = this.#counts;
    after(device, 'createBuffer', () => counts.buffersCreated++);
    after(device, 'createBindGroup', (group, [descriptor]) => {
      counts.bindGroupsCreated++;
      this.#groups.set(group, factsOf(descriptor));
    });
    after(device, 'createPipelineLayout', (layout, [descriptor]) => {
      this.#layoutGroups.set(layout, [...descriptor.bindGroupLayouts].length);
    });
    after(device, 'createComputePipeline', (pipeline, [descriptor]) =>
      this.#notePipeline(pipeline, descriptor),
    );
    after(device, 'createComputePipelineAsync', (promise, [descriptor]) => {
      // The caller handles a failure.
      promise.then((pipeline) => this.#notePipeline(pipeline, descriptor)).catch(() => undefined);
    });
    after(device, 'createCommandEncoder', (encoder) => this.#watchEncoder(encoder));
    after(device.queue, 'writeBuffer', () => counts.writeBuffers++);
    after(device.queue, 'submit', (_, [commandBuffers]) => {
      counts.submits++;
      for (const commands of commandBuffers) this.#add(this.#recorded.get(commands));
    });
    return device;
  }

  #add(recorded: Recorded | undefined): void {
    if (recorded === undefined) return;
    this.#counts.dispatches += recorded.dispatches;
    this.#counts.weightBytes += recorded.weightBytes;
    this.#counts.readbackBytes += recorded.readbackBytes;
  }

  #notePipeline(pipeline: GPUComputePipeline, { label, layout }: GPUComputePipelineDescriptor): void {
    const groups = layout === 'auto' ? undefined : this.#layoutGroups.get(layout);
    this.#pipelines.set(pipeline, {
      gathers: label?.startsWith(GATHER) ?? false,
      groups: groups ?? Infinity,
    });
  }

  #watchEncoder(encoder: GPUCommandEncoder): void {
    const recorded: Recorded = { dispatches: 0, weightBytes: 0, readbackBytes: 0 };
    after(encoder, 'beginComputePass', (pass) => this.#watchPass(pass, recorded));
    // Two forms: (source, destination, size?) and (source, sourceOffset, destination, destinationOffset, size).
    after(encoder, 'copyBufferToBuffer', (_, args: readonly unknown[]) => {
      const whole = args.length <= 3;
      const destination = args[whole ? 1 : 2] as GPUBuffer;
      const size = (args[whole ? 2 : 4] as number | undefined) ?? (args[0] as GPUBuffer).size;
      if ((destination.usage & GPUBufferUsage.MAP_READ) !== 0) recorded.readbackBytes += size;
    });
    after(encoder, 'finish', (commands) => this.#recorded.set(commands, recorded));
  }

  #watchPass(pass: GPUComputePassEncoder, recorded: Recorded): void {
    let pipeline: PipelineFacts | undefined;
    const groups: (GroupFacts | undefined)[] = [];
    const dispatched = () => {
      recorded.dispatches++;
      if (pipeline === undefined) return;
      const bound = groups.slice(0, pipeline.groups);
      if (pipeline.gathers || bound.some((group) => group?.gathers)) return;
      for (const group of bound) recorded.weightBytes += group?.weightBytes ?? 0;
    };
    after(pass, 'setPipeline', (_, [next]) => (pipeline = this.#pipelines.get(next)));
    after(pass, 'setBindGroup', (_, [index, group]: readonly unknown[]) => {
      groups[index as number] = this.#groups.get(group as GPUBindGroup);
    });
    after(pass, 'dispatchWorkgroups', dispatched);
    after(pass, 'dispatchWorkgroupsIndirect', dispatched);
  }
}

/** @returns per-token averages of the difference between two totals */
export function countsPerToken(before: DeviceCounts, after: DeviceCounts, tokens: number): DeviceCounts {
  const result = none();
  for (const key of Object.keys(result) as (keyof Counts)[])
    result[key] = (after[key] - before[key]) / tokens;
  return result;
}

function factsOf({ label, entries }: GPUBindGroupDescriptor): GroupFacts {
  let weightBytes = 0;
  for (const { resource } of entries) {
    const binding =
      resource instanceof GPUBuffer ? { buffer: resource } : (resource as Partial<GPUBufferBinding>);
    const { buffer, offset = 0, size } = binding;
    if (buffer?.label.startsWith(WEIGHTS)) weightBytes += size ?? buffer.size - offset;
  }
  return { gathers: label?.startsWith(GATHER) ?? false, weightBytes };
}

type Method = (...args: never[]) => unknown;

/** Wraps a method of one object: `seen` gets the result and the arguments of each call that did not throw. */
function after<T extends object, K extends keyof T & string>(
  target: T,
  name: K,
  seen: (
    result: T[K] extends (...args: never[]) => infer R ? R : never,
    args: T[K] extends (...args: infer A) => unknown ? A : never,
  ) => unknown,
): void {
  const original = target[name] as Method;
  const wrapped = (...args: never[]) => {
    const result = original.apply(target, args);
    (seen as (result: unknown, args: unknown) => unknown)(result, args);
    return result;
  };
  Object.defineProperty(target, name, { value: wrapped, configurable: true });
}
