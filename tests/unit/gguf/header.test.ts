import { gguf } from '@huggingface/gguf';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { BLOCK_FORMATS, type BlockFormat } from '../../../src/engines/gguf/block_formats.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { HEADER_CHUNK_BYTES } from '../../../src/engines/gguf/header_bounds.ts';
import type { MetadataValue } from '../../../src/engines/gguf/metadata.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { type WrittenTensor, type WrittenValue, writeGguf } from '../../models/gguf_writer.ts';
import { makeModel } from '../../models/make_model.ts';
import { PLAIN_FORMATS } from '../../../src/engines/webgpu/selftest/plain_blocks.ts';
import { CountingSource, TINY } from './small_files.ts';

const zeros = (name: string, shape: readonly number[], format: BlockFormat = 'F32'): WrittenTensor => ({
  name,
  shape,
  format,
  fill: (_row, out) => out.fill(0),
});

/** The numbers of a list, whatever its type. */
function plain(value: MetadataValue | undefined): unknown {
  return typeof value === 'object' ? Array.from<unknown>(value) : value;
}

describe('a GGUF header', () => {
  it.each([2, 3] as const)('of version %i reads as @huggingface/gguf reads it', async (version) => {
    const bytes = makeModel({ ...TINY, version });
    const ours = await openGguf(bufferSource('tiny.gguf', bytes));
    const library = await gguf('https://example.com/tiny.gguf', { fetch: serve(bytes) });

    expect(ours.version).toBe(version);
    expect([...ours.tensors.keys()]).toEqual(library.tensorInfos.map(({ name }) => name));
    for (const info of library.tensorInfos) {
      const tensor = ours.tensors.get(info.name)!;
      expect(tensor.shape).toEqual(info.shape.map(Number));
      expect(BLOCK_FORMATS[tensor.format].ggmlType).toBe(info.dtype);
      expect(tensor.offset).toBe(Number(library.tensorDataOffset + info.offset));
    }
    for (const key of ours.metadata.keys()) {
      expect(plain(ours.metadata.get(key))).toEqual((library.metadata as Record<string, unknown>)[key]);
    }
  });

  it('keeps every type of value', async () => {
    const written = new Map<string, WrittenValue>([
      ['u8', { type: 'u8', value: 255 }],
      ['i8', { type: 'i8', value: -128 }],
      ['u16', { type: 'u16', value: 65535 }],
      ['i16', { type: 'i16', value: -32768 }],
      ['u32', { type: 'u32', value: 4294967295 }],
      ['i32', { type: 'i32', value: -2147483648 }],
      ['f32', { type: 'f32', value: 0.5 }],
      ['u64', { type: 'u64', value: Number.MAX_SAFE_INTEGER }],
      ['i64', { type: 'i64', value: -Number.MAX_SAFE_INTEGER }],
      ['f64', { type: 'f64', value: Math.PI }],
      ['bool', { type: 'bool', value: true }],
      ['string', { type: 'string', value: '\uFEFFnaïve 日本 🙂' }],
      ['strings', { type: 'strings', value: ['', 'a', '▁b'] }],
      ['f32s', { type: 'f32s', value: [1.5, -2] }],
      ['i32s', { type: 'i32s', value: [-1, 2] }],
      ['none', { type: 'strings', value: [] }],
    ]);
    const { metadata } = await openGguf(bufferSource('x.gguf', writeGguf(3, written, [])));
    for (const [key, { value }] of written) expect(plain(metadata.get(key))).toEqual(value);
    expect(metadata.number('u32')).toBe(4294967295);
    expect(metadata.number('absent', 7)).toBe(7);
    expect(metadata.stringArray('none')).toEqual([]);
    expect(() => metadata.number('absent')).toThrow(/x\.gguf: the key "absent" is missing/);
    expect(() => metadata.number('string')).toThrow(/"string" holds the text "\uFEFFnaïve.*a finite number/);
    expect(() => metadata.string('u8')).toThrow(/"u8" holds 255/);
    expect(() => metadata.boolean('u8')).toThrow(/true or false/);
    expect(() => metadata.numberArray('strings')).toThrow(/a list of 3 \(string\)/);
    expect(() => metadata.stringArray('f32s')).toThrow(EngineError);
  });

  it('with lists of 256 k strings and scores takes a few reads and under a second or two', async () => {
    const tokens = Array.from({ length: 256 * 1024 }, (_, i) => `token ${i}`);
    const bytes = writeGguf(
      3,
      new Map<string, WrittenValue>([
        ['tokens', { type: 'strings', value: tokens }],
        ['scores', { type: 'f32s', value: tokens.map((_, i) => -i) }],
        ['last', { type: 'u32', value: 42 }],
      ]),
      [zeros('t', [4, 2])],
    );
    const source = new CountingSource(bytes);
    const start = performance.now();
    const file = await openGguf(source);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(file.metadata.stringArray('tokens')).toEqual(tokens);
    expect(file.metadata.numberArray('scores')[262143]).toBe(-262143);
    expect(file.metadata.number('last')).toBe(42);
    expect(source.reads).toBeLessThanOrEqual(2 + Math.ceil(bytes.length / HEADER_CHUNK_BYTES));
    expect(source.largestRead).toBeLessThanOrEqual(HEADER_CHUNK_BYTES);
  });

  it('gives tensors their places and sizes in every format', async () => {
    for (const [format, { elements, bytes }] of Object.entries(BLOCK_FORMATS)) {
      expect(PLAIN_FORMATS[format]).toMatchObject({ elements, bytes });
      const shape = [2 * elements, 3, 2];
      const name = format as BlockFormat;
      const written = writeGguf(3, new Map(), [zeros('a', shape, name), zeros('b', shape, name)]);
      const { tensors } = await openGguf(bufferSource('x.gguf', written));
      expect(tensors.get('a')).toMatchObject({ shape, format, byteLength: 12 * bytes });
      expect(tensors.get('b')!.offset).toBeGreaterThanOrEqual(tensors.get('a')!.offset + 12 * bytes);
      expect(tensors.get('b')!.offset % 32).toBe(0);
    }
  });
});

describe('a file with errors is refused', () => {
  const file = () =>
    writeGguf(3, new Map([['key', { type: 'u32', value: 1 }]]), [
      zeros('first', [8, 2]),
      zeros('other', [8]),
    ]);
  // Offsets in that file: magic 0, version 4, tensor count 8, key count 16, the key's length 24, its text 32, its type
  // 35, its value 39; then "first": name length 43, name 51, dimensions 56, shape 60, type 76, offset 80; then "other"
  // at 88: name 96, dimensions 101, shape 105, type 113, offset 117.
  const list = (length: number) => (view: DataView) =>
    [9, 8, length].forEach((value, i) => view.setUint32(35 + 4 * i, value, true));
  const cases: [string, (view: DataView, bytes: Uint8Array) => unknown, string, RegExp][] = [
    ['empty', () => new Uint8Array(0), 'bad-file', /0 bytes long/],
    [
      'another kind of file',
      (view) => view.setUint32(0, 0x04034b50),
      'bad-file',
      /does not begin with "GGUF"/,
    ],
    ['version 1', (view) => view.setUint32(4, 1, true), 'bad-file', /version 1; versions 2 and 3/],
    ['big-endian', (view) => view.setUint32(4, 3, false), 'bad-file', /big-endian/],
    ['too many tensors', (view) => view.setUint32(12, 1, true), 'bad-file', /claims 4294967298 tensors/],
    ['too many keys', (view) => view.setUint32(16, 1e6, true), 'bad-file', /claims 1000000 metadata keys/],
    [
      'a key too long',
      (view) => view.setUint32(24, 1e5, true),
      'bad-file',
      /text of 100000 bytes, more than the 65535/,
    ],
    ['an unknown type', (view) => view.setUint32(35, 99, true), 'bad-file', /"key" has the unknown type 99/],
    [
      'a list of lists',
      (view) => (view.setUint32(35, 9, true), view.setUint32(39, 9, true)),
      'bad-file',
      /list of lists/,
    ],
    ['a list too long for the file', list(1000), 'bad-file', /1000 entries, more than the file has room for/],
    ['a list too long for any model', list(2e6), 'bad-file', /2000000 entries, more than the 1048576/],
    ['a name too long', (view) => view.setUint32(43, 129, true), 'bad-file', /129 bytes, more than the 128/],
    ['no dimensions', (view) => view.setUint32(56, 0, true), 'bad-file', /"first" has 0 dimensions/],
    ['five dimensions', (view) => view.setUint32(56, 5, true), 'bad-file', /5 dimensions/],
    ['a length of zero', (view) => view.setUint32(60, 0, true), 'bad-file', /shape \[0, 2\]/],
    [
      'a length beyond any file',
      (view) => view.setUint32(64, 1e9, true),
      'bad-file',
      /"first" has the shape/,
    ],
    [
      'a format of another program',
      (view) => view.setUint32(76, 16, true),
      'unsupported-format',
      /"first" is stored as IQ2_XXS.*Q4_K/,
    ],
    ['a format from the future', (view) => view.setUint32(76, 4711, true), 'unsupported-format', /type 4711/],
    [
      'rows that blocks do not divide',
      (view) => view.setUint32(76, 8, true),
      'bad-file',
      /rows of 8 weights.*Q8_0.*32/,
    ],
    [
      'an offset out of line',
      (view) => view.setUint32(80, 1, true),
      'bad-file',
      /begins at 1, which is not aligned to 32/,
    ],
    ['an offset past the end', (view) => view.setUint32(84, 1, true), 'bad-file', /reaches to byte/],
    [
      'tensors on each other',
      (view) => view.setUint32(117, 32, true),
      'bad-file',
      /"first" and "other" overlap/,
    ],
    [
      'two of one name',
      (_, bytes) => bytes.set(new TextEncoder().encode('first'), 96),
      'bad-file',
      /two tensors are named "first"/,
    ],
    [
      'cut off in the header',
      (_, bytes) => bytes.slice(0, 70),
      'bad-file',
      /ends at byte 70, inside the shape of "first"/,
    ],
    [
      'cut off in the weights',
      (_, bytes) => bytes.slice(0, -40),
      'bad-file',
      /is incomplete, so please download it again/,
    ],
  ];

  it.each(cases)('%s', async (_, spoil, code, message) => {
    const bytes = file();
    const spoilt = spoil(new DataView(bytes.buffer), bytes);
    const source = bufferSource('spoilt.gguf', spoilt instanceof Uint8Array ? spoilt : bytes);
    await expect(openGguf(source)).rejects.toMatchObject({
      name: 'EngineError',
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([0, 3, 0.5, 131072])('alignment %d', async (alignment) => {
    const value: WrittenValue = { type: 'f64', value: alignment };
    const bytes = writeGguf(3, new Map([['general.alignment', value]]), []);
    await expect(openGguf(bufferSource('x', bytes))).rejects.toThrow(
      /general\.alignment is .* a power of two/,
    );
  });

  it('with one key twice', async () => {
    const bytes = writeGguf(
      3,
      new Map<string, WrittenValue>([
        ['one', { type: 'u8', value: 1 }],
        ['two', { type: 'u8', value: 2 }],
      ]),
      [],
    );
    const at = Buffer.from(bytes).indexOf('two');
    bytes.set(new TextEncoder().encode('one'), at);
    await expect(openGguf(bufferSource('x', bytes))).rejects.toThrow(/the key "one" appears twice/);
  });

  it('stops when it is aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(openGguf(bufferSource('x.gguf', file()), signal)).rejects.toMatchObject({ code: 'aborted' });
  });
});

/** A server with one file that supports ranges. */
function serve(bytes: Uint8Array<ArrayBuffer>): typeof fetch {
  return (_input, init) => {
    const range = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get('range') ?? '')!;
    const body = bytes.slice(Number(range[1]), Number(range[2]) + 1);
    const headers = { 'content-range': `bytes ${range[1]}-${range[2]}/${bytes.length}` };
    return Promise.resolve(new Response(body, { status: 206, headers }));
  };
}
