/** What one decoded token costs, counted at the device, and the GPU's time by kernel where it has timestamps. */
import type { ModelInfo, StepMeasure } from '../contract.ts';
import { countsPerToken, type DeviceCounter } from './gpu/device_counter.ts';
import type { WebGpuSession } from './model/session.ts';

/** Tokens to decode after: as many as a short prompt has. */
const context = 16;

/**
 * Decodes a few tokens of a text of no meaning.
 * @param counter of the device of this session
 * @param token that the text is made of
 */
export async function measureStep(
  session: WebGpuSession,
  counter: DeviceCounter,
  { kvBytesPerToken }: ModelInfo,
  token: number,
): Promise<StepMeasure> {
  const { sequence } = await session.prefill(Array<number>(context).fill(token));
  try {
    // The first step after a prefill may set things up that stay.
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
      // One line a kernel, not one a layer.
      const kernel = label.replace(/\bblk\.\d+\./g, '');
      byKernel.set(kernel, (byKernel.get(kernel) ?? 0) + ms);
    }
    return [...byKernel].map(([kernel, ms]) => ({ kernel, ms })).sort((a, b) => b.ms - a.ms);
  } finally {
    runtime.stopProfiling();
  }
}
