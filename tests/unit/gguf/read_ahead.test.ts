import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ByteSource } from '../../../src/engines/contract.ts';
import { ReadAhead } from '../../../src/engines/gguf/read_ahead.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';

const bytes = Uint8Array.from({ length: 4000 }, (_, i) => (i * 131) % 251);

test('ascending reads give the source’s bytes, and no byte is fetched twice', async () => {
  const pieces = fc.array(fc.record({ gap: fc.nat(40), length: fc.nat(500) }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 600 }), async (reads, window) => {
      const fetched: { from: number; to: number }[] = [];
      const inner = bufferSource('bytes', bytes);
      const source: ByteSource = {
        name: inner.name,
        size: inner.size,
        read: (offset, length, signal) => {
          fetched.push({ from: offset, to: offset + length });
          return inner.read(offset, length, signal);
        },
      };
      const reader = new ReadAhead(source, bytes.length, window);
      let offset = 0;
      for (const { gap, length } of reads) {
        offset += gap;
        if (offset + length > bytes.length) break;
        expect(await reader.read(offset, length)).toEqual(bytes.subarray(offset, offset + length));
        offset += length;
      }
      for (let i = 1; i < fetched.length; i++) {
        expect(fetched[i]!.from).toBeGreaterThanOrEqual(fetched[i - 1]!.to);
      }
    }),
  );
});
