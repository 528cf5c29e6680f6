import { expect, test } from 'vitest';
import { countsPerToken, DeviceCounter } from '../../../src/engines/webgpu/gpu/device_counter.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { makeModel, type ModelSpec } from '../../models/make_model.ts';
import { describeOnQuickest, openModel, SMALL } from './fixture.ts';

/** Heads as wide as the small model's, because LLVM is slow to compile each new width. */
const WIDE = { embeddingLength: 256, feedForwardLength: 512, heads: 16, kvHeads: 8, tied: true };

const MODELS: readonly (readonly [string, ModelSpec])[] = [
  ['Q4_0', SMALL],
  ['F32', { ...SMALL, format: 'F32' }],
  ['Q4_K', { ...SMALL, ...WIDE, format: 'Q4_K', tied: false }],
  // Formats mixed like llama.cpp's: q, k and v take two products, and the head has its own format.
  [
    'Q4_K with Q6_K',
    {
      ...{ ...SMALL, ...WIDE, format: 'Q4_K' },
      formats: { 'token_embd.weight': 'Q6_K', 'attn_v.weight': 'Q6_K', 'ffn_down.weight': 'Q6_K' },
    },
  ],
];

const STEPS = 4;

describeOnQuickest('a decoded token costs the device', ({ gpu }) => {
  test.each(MODELS)('one submit and little else: %s', async (_, spec) => {
    const counter = new DeviceCounter();
    const engine = await openModel(gpu, spec, { onDevice: (device) => counter.watch(device) });
    const { session } = engine;
    const { sequence } = await session.prefill([1, 2, 3]);
    const sixteen = Array.from({ length: 16 }, () => session.fork(sequence));

    /** Averages per step, after two steps that may still create buffers. */
    const count = async (sequences: readonly number[]) => {
      const step = (token: number) => session.step(sequences.map((id) => ({ sequence: id, token })));
      await step(4);
      await step(5);
      const before = counter.total;
      for (let i = 0; i < STEPS; i++) await step(6 + i);
      return countsPerToken(before, counter.total, STEPS);
    };
    const one = await count([sequence]);
    expect(one).toMatchObject({ submits: 1, buffersCreated: 0, bindGroupsCreated: 0 });
    expect(one.writeBuffers).toBeLessThanOrEqual(1);
    expect(one.dispatches).toBeLessThanOrEqual(8 * spec.layers + 8);
    // The logits, and a word that identifies the pass.
    expect(one.readbackBytes).toBe(spec.vocabularySize * 4 + 4);

    const inFile = await matrixBytes(spec);
    expect(one.weightBytes).toBeGreaterThanOrEqual(inFile);
    expect(one.weightBytes).toBeLessThanOrEqual(1.1 * inFile);

    const all = await count(sixteen);
    expect(all).toEqual({ ...one, readbackBytes: 16 * spec.vocabularySize * 4 + 4 });
    engine.dispose();
  });
});

/** Bytes of the file that a token must read: all except an embedding that is not also the head. */
async function matrixBytes(spec: ModelSpec): Promise<number> {
  const { tensors } = await openGguf(bufferSource('small.gguf', makeModel(spec)));
  return [...tensors.values()]
    .filter(({ name }) => spec.tied || name !== 'token_embd.weight')
    .reduce((sum, { byteLength }) => sum + byteLength, 0);
}
