/** The self-test finds every kernel right, and tests every pipeline of a model. */
import { expect, test } from 'vitest';
import type { KernelContext } from '../../../src/engines/webgpu/kernels/context.ts';
import { bestVariants } from '../../../src/engines/webgpu/kernels/variants.ts';
import { testEverything, type WholeTestRow } from '../../../src/engines/webgpu/selftest/whole_test.ts';
import { halfToFloat } from '../../../src/engines/gguf/repack.ts';
import { decodeHalves, HALVES } from '../../../src/engines/webgpu/kernels/halves.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';
import { openKernels } from '../kernels/fixture.ts';

describeOnEachAdapter('the self-test', ({ gpu, name }) => {
  test('integer arithmetic decodes all 65,536 halves the same', async () => {
    const kernels = await openKernels(gpu);
    for (const integerHalves of [false, true]) {
      const out = kernels.buffer(new Float32Array(HALVES));
      kernels.run([await decodeHalves({ ...kernels.context, integerHalves }, out)], { rows: 1 });
      const found = await kernels.read(out);
      const wrong = Array.from(found.keys()).filter(
        (bits) => (bits & 0x7c00) !== 0x7c00 && found[bits] !== halfToFloat(bits),
      );
      expect(wrong).toEqual([]);
    }
    kernels.close();
  });

  // SwiftShader takes minutes to compile them all; the conformance page runs them there, in a browser.
  test.skipIf(name === 'swiftshader')('every kernel and format comes out right', async () => {
    const kernels = await openKernels(gpu);
    const context: KernelContext = { ...kernels.context, ...bestVariants(kernels, 'rows') };
    const rows: WholeTestRow[] = [];
    await testEverything(context, (row) => rows.push(row));
    expect(rows.filter(({ verdict }) => verdict !== 'right')).toEqual([]);
    expect(rows.length).toBeGreaterThan(24);
    kernels.close();
  });
});
