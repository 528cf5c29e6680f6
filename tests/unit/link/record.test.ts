import { deflateRawSync } from 'node:zlib';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { crc32, settingsChecksum } from '../../../src/playground/record/checksum.ts';
import { recordSchema } from '../../../src/playground/record/document.ts';
import { toBytes } from '../../../src/playground/record/columns.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { pack } from '../../../src/playground/record/pack.ts';
import type { Packed } from '../../../src/playground/record/packed.ts';
import { packRecord, unpackRecord } from '../../../src/playground/record/unpack.ts';
import { packBytes, PackedTextError } from '../../../src/playground/record/deflate.ts';
import { maxInflatedBytes } from '../../../src/playground/limits.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';
import { arbitraryRecord, extremeRecord } from './arbitrary_record.ts';

const settings = defaultSettings();
const line0 = (json: Record<string, unknown>) => (json['lines'] as Record<string, unknown>[])[0]!;
const [sample] = fc.sample(arbitraryRecord, { numRuns: 1, seed: 7 });

describe('a packed record', () => {
  test('any record is read as it was written, to the thousandth', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecord, async (record) => {
        expect((await unpackRecord(await packRecord(record, 5, settings))).record).toEqual(record);
      }),
      { numRuns: 300 },
    );
  });

  test('so is the most extreme record that a file may have', async () => {
    await fc.assert(
      fc.asyncProperty(extremeRecord, async (record) => {
        expect(safeParse(recordSchema, record).success).toBe(true);
        expect((await unpackRecord(await packRecord(record, 5, settings))).record).toEqual(record);
      }),
      { numRuns: 200 },
    );
  });

  test('a number too large for a column is refused without an endless loop', async () => {
    const [text] = sample!.lines;
    for (const rawLogprob of [-1e306, -Infinity, NaN]) {
      const tokens = text!.tokens.map((token) => ({ ...token, rawLogprob }));
      await expect(async () =>
        packRecord({ ...sample!, lines: [{ ...text!, tokens }] }, 5, settings),
      ).rejects.toThrow('more than a link has room for');
    }
  });

  test('tells its own settings from others', async () => {
    const sent = await unpackRecord(await packRecord(sample!, 5, settings));
    expect(sent.settings).toBe(settingsChecksum(settings));
    expect(sent.settings).not.toBe(settingsChecksum({ ...settings, prompt: 'Another' }));
    expect(sent.settings).toBe(
      settingsChecksum({ ...settings, view: { ...settings.view, page: 'compare' } }),
    );
  });

  test('a smaller depth drops only the candidates below it', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRecord, fc.nat(4), async (record, depth) => {
        const texts = record.lines.map((text) => ({
          ...text,
          tokens: text.tokens.map((token) => ({ ...token, top: token.top.slice(0, depth) })),
        }));
        const { record: read } = await unpackRecord(await packRecord(record, depth, settings));
        expect(read).toEqual({ ...record, lines: texts });
      }),
      { numRuns: 100 },
    );
  });

  test('uses only characters that need no escape', async () => {
    expect(await packRecord(sample!, 5, settings)).toMatch(/^[A-Za-z0-9_-]+$/);
  });
});

describe('a record that was tampered with', () => {
  const packed = jsonOf(pack(sample!, 5));
  /** Tampering by someone who writes a new checksum. */
  const change = (edit: (json: Record<string, unknown>) => void): Promise<string> => {
    const json = JSON.parse(packed) as Record<string, unknown>;
    edit(json);
    return packBytes(toBytes(json as unknown as Packed, 0));
  };

  test('is refused whichever byte was changed', async () => {
    const good = toBytes(pack(sample!, 5), 0);
    for (let at = 0; at < good.length; at += 7) {
      const bytes = good.with(at, good[at]! ^ 0x20);
      await expect(unpackRecord(await packBytes(bytes))).rejects.toThrow(PackedTextError);
    }
  });

  test.each<[string, (json: Record<string, unknown>) => void, RegExp]>([
    ['another version', (json) => (json['pack'] = 3), /not a record of this version/],
    ['the version before', (json) => (json['pack'] = 1), /not a record of this version/],
    ['a line that is on view but is not there', (json) => (json['current'] = 99), /do not fit together/],
    ['a fraction for a length', (json) => (line0(json)['promptLength'] = 0.5), /Invalid integer/],
    ['no lines', (json) => (json['lines'] = []), /Invalid length/],
  ])('%s is refused', async (_, edit, reason) => {
    await expect(unpackRecord(await change(edit))).rejects.toThrow(reason);
  });

  test('is refused wherever it was cut', async () => {
    const whole = await packRecord(sample!, 5, settings);
    for (let length = 0; length < whole.length; length += 7) {
      await expect(unpackRecord(whole.slice(0, length))).rejects.toThrow();
    }
  });

  test('a deflate bomb is inflated only to the bound', async () => {
    const bomb = deflateRawSync(Buffer.alloc(100 * 1024 * 1024)).toString('base64url');
    // The fastest of a few runs counts, because the machine may be busy.
    let best = Infinity;
    for (let attempt = 0; attempt < 5 && best >= 100; attempt++) {
      const started = performance.now();
      await expect(unpackRecord(bomb)).rejects.toThrow(`more than ${maxInflatedBytes} bytes`);
      best = Math.min(best, performance.now() - started);
    }
    expect(best).toBeLessThan(100);
  });

  test('chains of shared lines cannot make a large text from a small link', async () => {
    const packedTwice = await change((json) => {
      const [text] = json['lines'] as { share: unknown; words: number[] }[];
      const long = { ...text!, share: null, words: Array.from({ length: 4000 }, () => 0) };
      json['lines'] = [
        long,
        ...Array.from({ length: 60 }, () => ({ ...text!, share: [0, 4000], words: [] })),
      ];
    });
    await expect(unpackRecord(packedTwice)).rejects.toThrow('more than 20000 tokens');
  });
});

describe('the checksum', () => {
  test('is the CRC-32 of RFC 1952', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });
});
