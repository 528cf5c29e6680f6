/** What one decoded token costs, counted at the device, and the GPU's time by kernel where it has timestamps. */
import type { Engine, StepCounters } from '../../engines/contract.ts';
import { countsPerToken, DeviceCounter } from '../../engines/webgpu/gpu/device_counter.ts';
import { WebGpuSession } from '../../engines/webgpu/model/session.ts';

export interface KernelTime {
  readonly kernel: string;
  readonly ms: number;
}

export interface StepMeasure {
  readonly counters: StepCounters;
  /** Longest first; null where the device has no timestamps. */
  readonly kernels: readonly KernelTime[] | null;
  /** Tokens that stood in the KV cache. */
  readonly context: number;
}

const counters = new WeakMap<Engine, DeviceCounter>();

/** Opens an engine whose device is counted from its first call on. */
export async function countedEngine(
  open: (watch: (device: GPUDevice) => GPUDevice) => Promise<Engine>,
): Promise<Engine> {
  const counter = new DeviceCounter();
  const engine = await open((device) => counter.watch(device));
  counters.set(engine, counter);
  return engine;
}

/** Tokens to decode after: as many as a short prompt has. */
const context = 16;

/** Decodes a few tokens of a text of no meaning. Null for an engine whose device cannot be counted. */
export async function measureStep(engine: Engine): Promise<StepMeasure | null> {
  const counter = counters.get(engine);
  if (!counter || !(engine.session instanceof WebGpuSession)) return null;
  const { session } = engine;
  const token = engine.tokenizer.bos ?? 0;
  const { sequence } = await session.prefill(Array<number>(context).fill(token));
  try {
    // The first step after a prefill may set things up that stay.
    await session.step([{ sequence, token }]);
    const before = counter.total;
    await session.step([{ sequence, token }]);
    const counted = countsPerToken(before, counter.total, 1);
    const positions = session.tokens(sequence).length;
    const kvBytes = positions * engine.model.kvBytesPerToken;
    return {
      counters: { ...counted, kvBytes },
      kernels: await kernelTimes(session, sequence, token),
      context: positions,
    };
  } finally {
    session.release(sequence);
  }
}

async function kernelTimes(
  session: WebGpuSession,
  sequence: number,
  token: number,
): Promise<readonly KernelTime[] | null> {
  const { runtime } = session;
  if (!runtime.startProfiling()) return null;
  try {
    await session.step([{ sequence, token }]);
    const byKernel = new Map<string, number>();
    for (const [label, ms] of await runtime.profiler!.collect()) {
      // One line a kernel, not one a layer.
      const kernel = label.replace(/\bblk\.\d+\./g, '');
      byKernel.set(kernel, (byKernel.get(kernel) ?? 0) + ms);
    }
    return [...byKernel].map(([kernel, ms]) => ({ kernel, ms })).sort((a, b) => b.ms - a.ms);
  } finally {
    runtime.stopProfiling();
  }
}
