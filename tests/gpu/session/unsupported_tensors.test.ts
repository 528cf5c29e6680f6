import { expect, test } from 'vitest';
import { loadWebGpuEngine } from '../../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { writeGguf } from '../../models/gguf_writer.ts';
import { metadataOf, tensorsOf } from '../../models/make_model.ts';
import { describeOnQuickest, SMALL } from './fixture.ts';

describeOnQuickest('a file with a bias that the engine cannot use', ({ gpu }) => {
  test('is refused with the name of the tensor', async () => {
    const bias = { name: 'blk.1.ffn_up.bias', shape: [SMALL.feedForwardLength], format: 'F32' as const };
    const tensors = [
      ...tensorsOf(SMALL),
      { ...bias, fill: (_: number, out: Float32Array) => void out.fill(1) },
    ];
    const file = bufferSource('biased.gguf', writeGguf(3, metadataOf(SMALL), tensors));
    await expect(loadWebGpuEngine(file, { gpu })).rejects.toMatchObject({
      code: 'unsupported-architecture',
      message: expect.stringMatching(/^biased\.gguf has the tensor “blk\.1\.ffn_up\.bias”.*\.$/) as string,
    });
  });
});
