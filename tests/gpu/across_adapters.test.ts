/** The order of a product's sum does not depend on subgroups, which have 8 invocations on one adapter and 4 on the other. */
import { describe, expect, test } from 'vitest';
import { devices } from '../setup/devices.ts';
import { openKernels, random } from './kernels/fixture.ts';
import { matrixOf, type ProductCase, runProduct } from './kernels/product_case.ts';

const CASES: readonly ProductCase[] = (['Q8_0', 'Q4_0'] as const).map((format) => ({
  ...{ format, epilogue: 'store', bias: false, columns: 1152, rows: 9 },
}));

const FMA = `
@group(0) @binding(0) var<storage, read_write> values: array<vec4f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let v = values[id.x];
  values[id.x] = vec4f(fma(v.x, v.y, v.z), fma(v.y, v.z, v.w), fma(v.z, v.w, v.x), v.x * v.y);
}`;

/** Whether both adapters round a multiply-add once, or both twice. */
async function fmasOf(gpu: GPU): Promise<Uint32Array> {
  const { context, buffer, read, close } = await openKernels(gpu);
  const { device } = context;
  const values = buffer(random('fma', 4 * 1024));
  const module = device.createShaderModule({ code: FMA });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: values } }] }),
  );
  pass.dispatchWorkgroups(16);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const found = await read(values);
  close();
  return new Uint32Array(found.buffer);
}

const named = (wanted: string) => devices.find(({ name }) => name === wanted)?.gpu;
const [one, other] = [named('llvmpipe'), named('swiftshader')];
const both = one !== undefined && other !== undefined;
const agree = both && Buffer.from(await fmasOf(one)).equals(Buffer.from(await fmasOf(other)));
const why = !both ? ' (one of them is missing: run "npm run setup")' : agree ? '' : ' (their fma differ)';

describe(`a product on llvmpipe and on SwiftShader${why}`, () => {
  test.skipIf(!agree).each(CASES)('has the same bits, with and without subgroups: $format', async (each) => {
    const results: Float32Array[][] = [];
    for (const gpu of [one!, other!]) {
      const kernels = await openKernels(gpu);
      for (const reducer of ['subgroups', 'tree'] as const) {
        const context = { ...kernels.context, reducer };
        results.push((await runProduct(kernels, context, 1, each, matrixOf(kernels, each), 2)).results);
      }
      kernels.close();
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
