import { describe, expect, it } from 'vitest';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { readConfig } from '../../../src/engines/webgpu/model/config.ts';
import { type WrittenValue, writeGguf } from '../../models/gguf_writer.ts';
import { metadataOf, tensorsOf } from '../../models/make_model.ts';
import { TINY } from './small_files.ts';

async function configWith(changes: Readonly<Record<string, WrittenValue>>) {
  const metadata = new Map([...metadataOf(TINY), ...Object.entries(changes)]);
  return readConfig(await openGguf(bufferSource('made.gguf', writeGguf(3, metadata, tensorsOf(TINY)))));
}

const EPSILON = 'llama.attention.layer_norm_rms_epsilon';
const f64 = (value: number): WrittenValue => ({ type: 'f64', value });
const linear: WrittenValue = { type: 'string', value: 'linear' };

describe('the numbers of a model', () => {
  it.each<[string, Readonly<Record<string, WrittenValue>>]>([
    ['an epsilon of 0', { [EPSILON]: f64(0) }],
    ['a negative epsilon', { [EPSILON]: f64(-1e-5) }],
    ['an epsilon that is 0 in single precision', { [EPSILON]: f64(1e-60) }],
    ['an epsilon that is infinite in single precision', { [EPSILON]: f64(1e60) }],
    ['a rotary base of 0', { 'llama.rope.freq_base': f64(0) }],
    ['a negative rotary base', { 'llama.rope.freq_base': f64(-10_000) }],
    ['a negative scale', { 'llama.rope.scaling.type': linear, 'llama.rope.scaling.factor': f64(-2) }],
  ])('are refused: %s', async (_, changes) => {
    await expect(configWith(changes)).rejects.toThrow(
      /made\.gguf gives llama\.\S+ as \S+, which is not a number above 0/,
    );
  });

  it('are taken from the file where they are possible', async () => {
    const config = await configWith({
      [EPSILON]: f64(1e-6),
      'llama.rope.freq_base': f64(1e6),
      'llama.rope.scaling.type': linear,
      'llama.rope.scaling.factor': f64(0),
    });
    expect([config.epsilon, config.ropeBase, config.ropeScale]).toEqual([1e-6, 1e6, 1]);
  });

  it('are refused with a short message, however long the file’s value', async () => {
    const long = { type: 'string', value: 'x'.repeat(5000) } as const;
    for (const key of ['general.architecture', 'tokenizer.ggml.pre', 'llama.rope.scaling.type']) {
      const message = await configWith({ [key]: long }).then(String, (error: Error) => error.message);
      expect(message.length, key).toBeLessThan(500);
    }
  });
});
