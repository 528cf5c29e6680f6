import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackedTextError } from '../../../src/playground/record/deflate.ts';
import {
  depths,
  partialDepth,
  positionsByInterest,
  withCandidatesAt,
} from '../../../src/playground/link/fit_record.ts';
import { crc32 } from '../../../src/playground/record/checksum.ts';
import { fromBytes, toBytes } from '../../../src/playground/record/columns.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { pack } from '../../../src/playground/record/pack.ts';
import { packRecord, unpackRecord } from '../../../src/playground/record/unpack.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';
import { arbitraryRecord } from './arbitrary_record.ts';

const packed = (bytes: Uint8Array): string => deflateRawSync(bytes).toString('base64url');

describe('the columns of a packed record', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        const before = pack(record, 5);
        expect(fromBytes(toBytes(before, 7))).toEqual({ json: JSON.parse(jsonOf(before)), settings: 7 });
      }),
      { numRuns: 200 },
    );
  });

  test('5,000 records with bytes changed, dropped or added give a record or a typed error within 100 ms', async () => {
    const [sample] = fc.sample(arbitraryRecord, { numRuns: 1, seed: 3 });
    const good = toBytes(pack(sample!, 5), 7);
    const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(2), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        let bytes = [...good];
        for (const [at, kind, byte] of edits) {
          if (kind === 0) bytes[at] = byte;
          else if (kind === 1) bytes = bytes.slice(0, at);
          else bytes.splice(at, 0, byte, byte);
        }
        // Half of them get a fitting checksum.
        if (edits.length % 2 === 0 && bytes.length > 5) {
          const view = new DataView(Uint8Array.from(bytes).buffer);
          view.setUint32(1, crc32(new Uint8Array(view.buffer, 5)), true);
          bytes = [...new Uint8Array(view.buffer)];
        }
        // Repeats a slow case, because only a real problem is slow every time, and a busy machine is not.
        let best = Infinity;
        for (let attempt = 0; attempt < 5 && best >= 100; attempt++) {
          const started = performance.now();
          await unpackRecord(packed(Uint8Array.from(bytes))).catch((error: unknown) => {
            if (!(error instanceof PackedTextError)) throw error;
          });
          best = Math.min(best, performance.now() - started);
        }
        expect(best).toBeLessThan(100);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['a length of 4 GB', checked([0, 0, 0, 0, 255, 255, 255, 255, 123, 125]), 'not a record of this version'],
    ['a column of a billion numbers', content('{"ids":1e9,"lines":[]}', [1, 7]), 'it is cut off'],
    ['a column of −1 numbers', content('{"ids":-1,"lines":[]}', [1, 7]), 'a column has no length'],
    ['a number of 200 bytes', content('{"ids":1,"lines":[]}', [200, 7]), 'it is cut off'],
    ['text in place of lines', content('{"ids":1,"lines":"all"}', [1, 7]), 'not a record of this version'],
    ['nothing but a version', [3], 'it is cut off'],
    ['nothing', [], 'not a record of this version'],
    [
      'another version',
      [2, ...content('{"ids":0,"lines":[]}', [1]).slice(1)],
      'not a record of this version',
    ],
  ])('%s is refused', async (_, bytes, reason) => {
    const unpacked = unpackRecord(packed(Uint8Array.from(bytes)));
    await expect(unpacked).rejects.toThrow(PackedTextError);
    await expect(unpacked).rejects.toThrow(reason);
  });
});

/** A version, and a checksum that fits the bytes after it. */
function checked(bytes: readonly number[]): number[] {
  const checksum = crc32(Uint8Array.from(bytes));
  return [3, ...[0, 8, 16, 24].map((shift) => (checksum >>> shift) & 0xff), ...bytes];
}

/** JSON, eleven empty columns and one more. */
function content(json: string, column: readonly number[]): number[] {
  const empty = Array.from({ length: 11 }, () => 1);
  return checked([0, 0, 0, 0, json.length, 0, 0, 0, ...new TextEncoder().encode(json), ...empty, ...column]);
}

describe('a link with limited room', () => {
  const [record] = fc.sample(
    arbitraryRecord.filter(({ lines: texts, comparison }) => comparison !== null && texts.length > 2),
    { numRuns: 1, seed: 5 },
  );

  test('is shorter with fewer candidates, at fewer steps', async () => {
    const lengths = await Promise.all(
      [...depths, 0].map(async (d) => (await packRecord(record!, d, defaultSettings())).length),
    );
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
    const positions = positionsByInterest(record!);
    const half = withCandidatesAt(record!, new Set(positions.slice(0, positions.length / 2)));
    expect((await packRecord(half, partialDepth, defaultSettings())).length).toBeLessThan(
      (await packRecord(record!, partialDepth, defaultSettings())).length,
    );
  });

  test('gives candidates first to the selected step and to divergences, then to the highest entropies', () => {
    const { lines: texts } = record!;
    const held = texts[0]!.promptLength;
    const order = positionsByInterest({ ...record!, selected: held });
    const parted = texts.flatMap((text, index) =>
      texts
        .slice(0, index)
        .map((other) => text.tokens.findIndex(({ id }, at) => id !== other.tokens[at]?.id)),
    );
    const must = new Set([held, ...parted].filter((position) => order.includes(position)));
    expect(new Set(order.slice(0, must.size))).toEqual(must);
    const entropies = order
      .slice(must.size)
      .map((position) => Math.max(...texts.map(({ tokens }) => tokens[position]?.entropy ?? 0)));
    expect(entropies).toEqual([...entropies].sort((a, b) => b - a));
  });
});
