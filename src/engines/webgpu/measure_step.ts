/** Measures one decoded token: counts at the device, and the GPU's time by kernel if the adapter has timestamps. */
import type { ModelInfo, StepMeasure } from '../contract.ts';
import { countsPerToken, type DeviceCounter } from './gpu/device_counter.ts';
import type { WebGpuSession } from './model/session.ts';

/** Tokens before the measured ones: as many as a short prompt has. */
const context = 16;

/**
 * Decodes a few tokens of a meaningless text.
 * @param counter counts the device of this session
 * @param token the text repeats this token
 */
export async function measureStep(
  session: WebGpuSession,
  counter: DeviceCounter,
  { kvBytesPerToken }: ModelInfo,
  token: number,
): Promise<StepMeasure> {
  const { sequence } = await session.prefill(Array<number>(context).fill(token));
  try {
    // The first step after a prefill may create things that later steps reuse.
    await session.step([{ sequence, token }]);
    const before = counter.total;
    await session.step([{ sequence, token }]);
    const counted = countsPerToken(before, counter.total, 1);
    const positions = session.tokens(sequence).length;
    const kvBytes = positions * kvBytesPerToken;
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
): Promise<StepMeasure['kernels']> {
  const { runtime } = session;
  if (!runtime.startProfiling()) return null;
  try {
    await session.step([{ sequence, token }]);
    const byKernel = new Map<string, number>();
    for (const [label, ms] of await runtime.profiler!.collect()) {
      // One entry per kernel, not per layer.
      const kernel = label.replace(/\bblk\.\d+\./g, '');
      byKernel.set(kernel, (byKernel.get(kernel) ?? 0) + ms);
    }
    return [...byKernel].map(([kernel, ms]) => ({ kernel, ms })).sort((a, b) => b.ms - a.ms);
  } finally {
    runtime.stopProfiling();
  }
}
