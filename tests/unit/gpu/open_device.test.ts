import { expect, test } from 'vitest';
import { openDevice } from '../../../src/engines/webgpu/gpu/device.ts';

/** Gives one device, which `lose` removes for good. */
function passingGpu() {
  let lose: (info: { reason: string }) => void = () => undefined;
  const device = {
    lost: new Promise<{ reason: string }>((resolve) => (lose = resolve)),
    queue: { submit: () => undefined, onSubmittedWorkDone: () => Promise.resolve() },
    addEventListener: () => undefined,
  };
  const adapter = { features: new Set(), limits: {}, info: {}, requestDevice: () => Promise.resolve(device) };
  const gpu = { adapter: adapter as object | null, requestAdapter: () => Promise.resolve(gpu.adapter) };
  return {
    gpu: gpu as unknown as GPU & { adapter: object | null },
    lose: (reason: string) => lose({ reason }),
  };
}

const settings = /turn on hardware acceleration/;
const restart = /restart the browser, or choose the CPU engine/;

test('a missing adapter is blamed on settings, but not after a device loss', async () => {
  const { gpu, lose } = passingGpu();
  await openDevice(gpu);
  gpu.adapter = null;
  await expect(openDevice(gpu)).rejects.toThrow(settings);
  lose('unknown');
  await Promise.resolve();
  await expect(openDevice(gpu)).rejects.toThrow(restart);
});

test('after a destroyed device a missing adapter is blamed on settings, unless the page replaces a lost one', async () => {
  const { gpu, lose } = passingGpu();
  await openDevice(gpu);
  lose('destroyed');
  gpu.adapter = null;
  await expect(openDevice(gpu)).rejects.toThrow(settings);
  await expect(openDevice(gpu, { afterLoss: true })).rejects.toThrow(restart);
});
