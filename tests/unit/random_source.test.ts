import { expect, test } from 'vitest';
import { openGguf } from '../../src/engines/gguf/header.ts';
import { randomModelSource } from '../bench/random_source.ts';
import { specOf } from '../bench/shapes.ts';

test('a random model is a whole GGUF file of its shape, and any range of it has the same bytes', async () => {
  const source = randomModelSource({ ...specOf('smollm2-135m', 'Q4_K'), layers: 2, vocabularySize: 1000 });
  const { tensors } = await openGguf(source);
  // 576 columns are not a multiple of 256; 1536 are.
  expect(tensors.get('blk.1.attn_q.weight')).toMatchObject({ format: 'Q5_0', shape: [576, 576] });
  expect(tensors.get('blk.1.ffn_down.weight')).toMatchObject({ format: 'Q4_K', shape: [1536, 576] });

  const whole = await source.read(0, source.size);
  expect(whole.length).toBe(source.size);
  for (const [offset, length] of [
    [0, 100],
    [3, 40_000],
    [source.size - 12_345, 12_345],
    [source.size >> 1, 77_777],
  ] as const) {
    expect(await source.read(offset, length)).toEqual(whole.slice(offset, offset + length));
  }
});

test('a message names an unknown shape or format', () => {
  expect(() => specOf('gpt-5', 'Q4_0')).toThrow('There is no shape "gpt-5"');
  expect(() => specOf('smollm2-135m', 'Q3_X')).toThrow('There is no format "Q3_X"');
});
