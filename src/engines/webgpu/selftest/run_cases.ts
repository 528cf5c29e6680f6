import { Buffers } from '../gpu/buffers.ts';
import { encodePlans } from '../gpu/plan.ts';
import { Readback } from '../gpu/readback.ts';
import type { KernelContext } from '../kernels/context.ts';
import type { Case, Trial, Verdict } from './case.ts';

/**
 * Runs all cases in one submit and one readback. Pipelines come from `context`, so that the test compiles none that the model
 * does not use.
 * @returns a verdict per case, in order
 */
export async function runCases(context: KernelContext, cases: readonly Case[]): Promise<Verdict[]> {
  const { device } = context;
  const buffers = new Buffers(device);
  try {
    const own = { ...context, buffers };
    const trials = await Promise.all(
      cases.map((one) => one.prepare(own).catch((error: unknown) => refused(error))),
    );
    const results = trials.flatMap((trial) => trial?.results ?? []);
    const total = results.reduce((sum, { size }) => sum + size, 0);
    if (total === 0) return trials.map(() => 'refused');
    const gathered = buffers.storage('scratch:self-test', total);
    const encoder = device.createCommandEncoder();
    for (const { dispatches, rows, outputs = 0 } of trials.flatMap((trial) => trial?.plans ?? []))
      encodePlans(encoder, [dispatches], { rows, outputs });
    let offset = 0;
    for (const result of results) {
      encoder.copyBufferToBuffer(result, 0, gathered, offset, result.size);
      offset += result.size;
    }
    const mark = { buffer: buffers.storage('scratch:mark', 4), offset: 0, value: 1 };
    device.queue.writeBuffer(mark.buffer, 0, new Uint32Array([mark.value]));
    const readback = new Readback(buffers, context.waiting, 'self-test', total);
    const pending = readback.copy(encoder, gathered, total, mark);
    device.queue.submit([encoder.finish()]);
    const all = await pending.read();
    let at = 0;
    return trials.map((trial) => {
      if (!trial) return 'refused';
      const values = trial.results.map(({ size }) => all.slice(at / 4, (at += size) / 4));
      return trial.judge(values);
    });
  } finally {
    buffers.destroy();
  }
}

/** A pipeline that the driver cannot compile is a variant that the engine must not use. */
function refused(error: unknown): Trial | null {
  if (error instanceof Error && error.name === 'GPUPipelineError') return null;
  throw error;
}
