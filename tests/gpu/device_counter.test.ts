import { expect, test } from 'vitest';
import { DeviceCounter, countsPerToken } from '../../src/engines/webgpu/gpu/device_counter.ts';
import { describeOnEachAdapter } from '../setup/devices.ts';

const WGSL = `
@group(0) @binding(0) var<storage, read_write> output: array<u32>;
@group(1) @binding(0) var<storage, read> weights: array<u32>;
@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) {
  output[id.x] = weights[id.x] + 1u;
}`;

describeOnEachAdapter('the work of a device', ({ gpu }) => {
  test('is counted when submitted, by label and by binding', async () => {
    const counter = new DeviceCounter();
    const device = counter.watch(await (await gpu.requestAdapter())!.requestDevice());
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const output = device.createBuffer({ label: 'output', size: 64, usage: STORAGE | COPY_SRC });
    const weights = device.createBuffer({ label: 'weights:a', size: 1024, usage: STORAGE | COPY_DST });
    const readback = device.createBuffer({ label: 'readback:a', size: 64, usage: MAP_READ | COPY_DST });

    const entries = [
      { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' as const } },
    ];
    const readOnly = [{ ...entries[0]!, buffer: { type: 'read-only-storage' as const } }];
    const outputLayout = device.createBindGroupLayout({ entries });
    const weightLayout = device.createBindGroupLayout({ entries: readOnly });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [outputLayout, weightLayout] });
    const module = device.createShaderModule({ code: WGSL });
    const multiply = device.createComputePipeline({ label: 'multiply', layout, compute: { module } });
    const gather = await device.createComputePipelineAsync({
      label: 'gather:rows',
      layout,
      compute: { module },
    });
    const outputGroup = device.createBindGroup({
      layout: outputLayout,
      entries: [{ binding: 0, resource: { buffer: output } }],
    });
    const bindWeights = (resource: GPUBindingResource) =>
      device.createBindGroup({ layout: weightLayout, entries: [{ binding: 0, resource }] });
    const [all, part, tail] = [
      bindWeights({ buffer: weights }),
      bindWeights({ buffer: weights, offset: 256, size: 128 }),
      bindWeights({ buffer: weights, offset: 768 }),
    ];

    const rows = device.createBindGroup({
      label: 'gather:rows',
      layout: outputLayout,
      entries: [{ binding: 0, resource: { buffer: output } }],
    });

    const built = counter.total;
    expect(built).toMatchObject({ buffersCreated: 3, bindGroupsCreated: 5, submits: 0, dispatches: 0 });

    const encode = () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(multiply);
      pass.setBindGroup(0, outputGroup);
      for (const group of [all, part, tail]) {
        pass.setBindGroup(1, group);
        pass.dispatchWorkgroups(1);
      }
      pass.setPipeline(gather);
      pass.dispatchWorkgroups(1);
      pass.setPipeline(multiply);
      pass.setBindGroup(0, rows);
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(output, 0, readback, 0, 16);
      return encoder.finish();
    };
    encode(); // never submitted: it counts for nothing
    device.queue.writeBuffer(weights, 0, new Uint32Array(4).fill(41));
    device.queue.submit([encode(), encode()]);
    await readback.mapAsync(GPUMapMode.READ, 0, 4);

    // The wrapped calls still work.
    expect(new Uint32Array(readback.getMappedRange(0, 4))[0]).toBe(1);
    expect(countsPerToken(built, counter.total, 2)).toEqual({
      dispatches: 5,
      submits: 0.5,
      writeBuffers: 0.5,
      buffersCreated: 0,
      bindGroupsCreated: 0,
      weightBytes: 1024 + 128 + 256,
      readbackBytes: 16,
    });
    device.destroy();
  });
});
