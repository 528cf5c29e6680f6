import { expect, test } from 'vitest';
import type { ByteSource } from '../../../src/engines/contract.ts';
import { loadWebGpuEngine } from '../../../src/engines/webgpu/engine.ts';
import { randomModelSource } from '../../bench/random_source.ts';
import { devices } from '../../setup/devices.ts';

/**
 * A file of 200 MB whose bytes are made as they are read. The heap is sampled at every read, just after that read's
 * allocation. If more than a chunk or two were kept, the heap would grow during the load.
 */
test.skipIf(devices.length === 0)('loading a large model keeps the heap small', async () => {
  const source = randomModelSource({
    seed: 5,
    architecture: 'llama',
    format: 'Q8_0',
    vocabularySize: 8000,
    contextLength: 256,
    layers: 14,
    embeddingLength: 1024,
    feedForwardLength: 3072,
    heads: 16,
    kvHeads: 4,
    tied: true,
  });
  expect(source.size).toBeGreaterThan(180e6);
  const collect = globalThis.gc;
  let peak = 0;
  let largestRead = 0;
  const measured: ByteSource = {
    name: source.name,
    size: source.size,
    async read(offset, length, signal) {
      const bytes = await source.read(offset, length, signal);
      largestRead = Math.max(largestRead, length);
      collect?.();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      peak = Math.max(peak, heapUsed + arrayBuffers);
      return bytes;
    },
  };
  collect?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const before = heapUsed + arrayBuffers;
  const engine = await loadWebGpuEngine(measured, { gpu: devices[0]!.gpu });
  engine.dispose();
  expect(largestRead).toBeLessThanOrEqual(9e6);
  // The largest tensor is 8.7 MB; 64 MB more is what the design allows.
  expect((peak - before) / 1e6).toBeLessThan(8.7 + 64);
  expect(collect, 'run with --expose-gc, or garbage counts as kept').toBeDefined();
});
