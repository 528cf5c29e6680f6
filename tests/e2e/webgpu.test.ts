import { expect, test } from 'vitest';
import { openPage } from '../setup/browser.ts';

// Every other browser test relies on this. If it fails, the machine is at fault and not the page.
test('the test browser has WebGPU', { tags: ['flow'] }, async () => {
  const { page, foreignRequests, close } = await openPage();
  const info = await page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    const buffer = device.createBuffer({
      size: 4,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    device.queue.writeBuffer(buffer, 0, new Uint32Array([42]));
    await buffer.mapAsync(GPUMapMode.READ);
    const value = new Uint32Array(buffer.getMappedRange())[0];
    device.destroy();
    return { value, secure: isSecureContext };
  });
  expect(info).toEqual({ value: 42, secure: true });
  expect(foreignRequests).toEqual([]);
  await close();
});
