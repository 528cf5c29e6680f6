import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { BLOCK_FORMATS } from '../../../src/engines/webgpu/gguf/block_formats.ts';
import { openGguf } from '../../../src/engines/webgpu/gguf/header.ts';
import { HEADER_CHUNK_BYTES } from '../../../src/engines/webgpu/gguf/header_bounds.ts';
import { bufferSource } from '../../../src/engines/webgpu/gguf/sources.ts';
import { createTokenizer } from '../../../src/engines/webgpu/tokenizer/tokenizer.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { makeModel } from '../../models/make_model.ts';
import { CountingSource, TINY } from './small_files.ts';

const MUTATIONS = 3000;
/** Generous for a busy machine; a loop over a lying count would take for ever. */
const MOST_MILLISECONDS = 2000;

describe('a file that was tampered with', async () => {
  const models = await Promise.all(
    [TINY, { ...TINY, architecture: 'qwen2', version: 2, seed: 2 } as const].map(async (spec) => {
      const bytes = makeModel(spec);
      const { tensors } = await openGguf(bufferSource('whole.gguf', bytes));
      return { bytes, headerBytes: Math.min(...[...tensors.values()].map(({ offset }) => offset)) };
    }),
  );

  it(`opens or is refused with a sentence, ${MUTATIONS} times over, within its bounds`, async () => {
    let opened = 0;
    const refusals = new Set<string>();
    for (let n = 0; n < MUTATIONS; n++) {
      const source = new CountingSource(mutate(models[n % models.length]!, n));
      const start = performance.now();
      try {
        const file = await openGguf(source);
        for (const tensor of file.tensors.values()) {
          expect(tensor.offset + tensor.byteLength).toBeLessThanOrEqual(source.size);
          const { elements, bytes } = BLOCK_FORMATS[tensor.format];
          const weights = tensor.shape.reduce((product, length) => product * length, 1);
          expect(tensor.byteLength).toBe((weights / elements) * bytes);
        }
        opened++;
        // What a file says of its vocabulary is no more to be trusted than its header.
        createTokenizer(file.metadata).encode('the letters <s>', { addSpecial: true, parseSpecial: true });
      } catch (error) {
        if (!(error instanceof EngineError))
          throw new Error(`mutation ${n} broke the reader`, { cause: error });
        expect(error.message).toMatch(/^[^]{20,500}[.]$/);
        refusals.add(error.message.replace(/\d+|"[^]*"/g, '…'));
      }
      expect(performance.now() - start, `mutation ${n}`).toBeLessThan(MOST_MILLISECONDS);
      expect(source.largestRead).toBeLessThanOrEqual(HEADER_CHUNK_BYTES);
      expect(source.totalRead).toBeLessThanOrEqual(2 * source.size + HEADER_CHUNK_BYTES);
    }
    // Mutations that never got in, or never were caught, would have tested nothing.
    expect(opened).toBeGreaterThan(100);
    expect(refusals.size).toBeGreaterThan(15);
  }, 60_000);
});

interface Model {
  readonly bytes: Uint8Array;
  readonly headerBytes: number;
}

/** One of five kinds of damage, in the header (weights say nothing to the reader), by the number of the mutation. */
function mutate({ bytes, headerBytes }: Model, n: number): Uint8Array {
  const draw = (stream: number, bound: number) => randomBits(n, stream, 0) % bound;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const at = draw(1, headerBytes - 8);
  switch (n % 5) {
    case 0:
      for (let i = 0; i <= draw(2, 8); i++) copy[draw(3 + i, headerBytes)] = draw(20 + i, 256);
      return copy;
    case 1: {
      // A number that a count, a length or an offset could be, where one may stand.
      const lies = [
        0n,
        1n,
        0xffn,
        0xffffn,
        0x7fffffffn,
        0xffffffffn,
        1n << 40n,
        (1n << 53n) + 1n,
        (1n << 64n) - 1n,
      ];
      view.setBigUint64(at, lies[draw(2, lies.length)]!, true);
      return copy;
    }
    case 2:
      return copy.slice(0, draw(1, copy.length));
    case 3: {
      const length = 1 + draw(2, 64);
      return Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + length)]);
    }
    default: {
      const length = 1 + draw(2, 64);
      const noise = Array.from({ length }, (_, i) => draw(30 + i, 256));
      return Uint8Array.from([...copy.subarray(0, at), ...noise, ...copy.subarray(at)]);
    }
  }
}
