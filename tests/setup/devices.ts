/**
 * The WebGPU adapters that tests run on: llvmpipe (f16, subgroups of 8), SwiftShader (no f16, subgroups of 4), and a real
 * GPU if there is one, all through Dawn. `npm run setup` installs the first two. A missing one shows as a skipped test. Deno, in
 * which tests/gpu/wgpu.test.ts repeats some tests, has one adapter: that of wgpu.
 */
import { describe, test } from 'vitest';
import type { AdapterName, OpenAdapter } from '../../scripts/setup/adapters.ts';

/** An adapter with its name in the tests. */
export type TestAdapter = Pick<OpenAdapter, 'gpu' | 'adapter'> & { readonly name: AdapterName | 'wgpu' };

/** Whether it compiles slowly or is the second of its driver, so that it runs only a few cases. */
export function isBrief({ name }: TestAdapter): boolean {
  return name === 'swiftshader' || name === 'wgpu';
}

const inDeno = 'Deno' in globalThis;

/** Every adapter of this machine, fastest first. Software adapters can open any number of devices. */
export const devices: readonly TestAdapter[] = inDeno ? await wgpuAdapters() : await dawnAdapters();

/** The adapters that a Linux machine should have; elsewhere the system's own GPU is enough. */
const expected: readonly AdapterName[] =
  process.platform === 'linux' ? ['llvmpipe', 'swiftshader'] : ['hardware'];

/** The adapters that this machine lacks. */
const missing = inDeno ? [] : expected.filter((name) => !devices.some((d) => d.name === name));

/**
 * One `describe` per adapter, named after it. A missing adapter leaves a skipped test that says how to get it.
 * @param body gets the adapter; ask `gpu.requestAdapter()` anew for each device
 */
export function describeOnEachAdapter(title: string, body: (device: TestAdapter) => void): void {
  for (const device of devices) describe(`${title} on ${device.name}`, () => body(device));
  for (const name of missing) {
    describe(`${title} on ${name}`, () =>
      test.skip(`no ${name} adapter on this machine: run "npm run setup"`));
  }
}

/** Dawn is loaded only when it is used, because it would redefine names that Deno has. */
async function dawnAdapters(): Promise<TestAdapter[]> {
  const { openAdapters } = await import('../../scripts/setup/adapters.ts');
  return openAdapters();
}

async function wgpuAdapters(): Promise<TestAdapter[]> {
  const { gpu } = navigator;
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error('wgpu finds no adapter');
  return [{ name: 'wgpu', gpu, adapter }];
}
