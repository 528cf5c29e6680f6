/**
 * The WebGPU adapters that tests run on: llvmpipe (f16, subgroups of 8), SwiftShader (no f16, subgroups of 4), and a real
 * GPU where there is one. `npm run setup` installs the first two. One that is missing shows as a skipped test.
 */
import { describe, test } from 'vitest';
import { type AdapterName, type OpenAdapter, openAdapters } from '../../scripts/setup/adapters.ts';

/** Every adapter of this machine, quickest first. Software ones come in any number of devices. */
export const devices: readonly OpenAdapter[] = await openAdapters();

/** What a Linux machine without a GPU should have; elsewhere the system's own GPU is enough. */
const expected: readonly AdapterName[] =
  process.platform === 'linux' ? ['llvmpipe', 'swiftshader'] : ['hardware'];

/** The adapters that this machine lacks. */
const missing: readonly AdapterName[] = expected.filter((name) => !devices.some((d) => d.name === name));

/**
 * One `describe` per adapter, named after it. A missing adapter leaves a skipped test that says how to get it.
 * @param body gets the adapter; ask `gpu.requestAdapter()` anew for each device
 */
export function describeOnEachAdapter(title: string, body: (device: OpenAdapter) => void): void {
  for (const device of devices) describe(`${title} on ${device.name}`, () => body(device));
  for (const name of missing) {
    describe(`${title} on ${name}`, () =>
      test.skip(`no ${name} adapter on this machine: run "npm run setup"`));
  }
}
