import { expect, test } from 'vitest';
import { describeOnEachAdapter } from '../setup/devices.ts';

const WGSL = `
@group(0) @binding(0) var<storage, read_write> squares: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&squares)) { squares[id.x] = id.x * id.x; }
}`;

describeOnEachAdapter('the test machine computes', ({ name, gpu, adapter }) => {
  test('has the features that the kernels are tested with and without', () => {
    if (name === 'llvmpipe') expect([...adapter.features]).toContain('shader-f16');
    if (name === 'swiftshader') expect([...adapter.features]).not.toContain('shader-f16');
    expect([...adapter.features]).toContain('subgroups');
  });

  test('runs a shader and reads its buffer back', async () => {
    const device = await (await gpu.requestAdapter())!.requestDevice();
    const count = 1000;
    const squares = device.createBuffer({
      size: count * 4,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const copy = device.createBuffer({
      size: count * 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: WGSL }) },
    });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: squares } }],
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(count / 64));
    pass.end();
    encoder.copyBufferToBuffer(squares, 0, copy, 0, count * 4);
    device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    expect([...new Uint32Array(copy.getMappedRange())]).toEqual(
      Array.from({ length: count }, (_, i) => i * i),
    );
    device.destroy();
  });
});
