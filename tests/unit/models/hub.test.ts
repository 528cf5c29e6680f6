import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listRepository, parsePlace } from '../../../src/models/hub.ts';
import { TransferRate } from '../../../src/models/transfer_rate.ts';
import { sha256, StandInHub } from '../../setup/hub.ts';

describe('what a person types', () => {
  it.each([
    ['Qwen/Qwen2.5-0.5B-Instruct-GGUF', { kind: 'repository', name: 'Qwen/Qwen2.5-0.5B-Instruct-GGUF' }],
    [
      '  https://huggingface.co/Qwen/Qwen3-0.6B-GGUF/tree/main ',
      { kind: 'repository', name: 'Qwen/Qwen3-0.6B-GGUF' },
    ],
    [
      'https://huggingface.co/o/r/blob/main/a/b%20c.gguf?download=true',
      { kind: 'file', name: 'o/r', path: 'a/b c.gguf' },
    ],
    ['https://hf.co/o/r/resolve/v1/x.gguf', { kind: 'file', name: 'o/r', path: 'x.gguf' }],
    [
      'https://example.org/models/x%20y.gguf?key=1',
      { kind: 'url', url: 'https://example.org/models/x%20y.gguf?key=1', fileName: 'x y.gguf' },
    ],
    // A lone % is an ordinary character.
    [
      'https://example.org/50%-off.gguf',
      { kind: 'url', url: 'https://example.org/50%-off.gguf', fileName: '50%-off.gguf' },
    ],
    ['https://hf.co/o/r/resolve/main/50%.gguf', { kind: 'file', name: 'o/r', path: '50%.gguf' }],
  ])('%s', (typed, place) => expect(parsePlace(typed)).toEqual(place));

  it.each(['', 'gpt2', 'a/b/c', 'javascript:alert(1)', 'file:///etc/passwd', '../..//x'])(
    '%j is refused',
    (typed) => expect(() => parsePlace(typed)).toThrow(/neither owner\/repository nor a link/),
  );
});

describe('a repository', () => {
  let hub: StandInHub;
  beforeEach(async () => (hub = await StandInHub.start()));
  afterEach(() => hub.stop());

  it('is listed across its pages, at one commit, with sizes, hashes and formats', async () => {
    const body = (n: number) => new Uint8Array(n).fill(n);
    hub.put('m-Q8_0.gguf', body(80));
    hub.put('README.md', body(10));
    hub.put('sub dir/m.Q4_K_M.gguf', body(40));
    hub.put('m-IQ4_XS.gguf', body(30));
    hub.put('m-f16-00001-of-00002.gguf', body(90));
    hub.put('plain.gguf', body(20));
    const repository = await listRepository('owner/repo', { hubUrl: hub.url });
    expect(repository).toMatchObject({ revision: 'c0ffee', licence: 'apache-2.0', gated: false });
    expect(repository.files.map(({ path, size, format }) => [path, size, format])).toEqual([
      ['plain.gguf', 20, null],
      ['m-IQ4_XS.gguf', 30, 'IQ4_XS'],
      ['sub dir/m.Q4_K_M.gguf', 40, 'Q4_K_M'],
      ['m-Q8_0.gguf', 80, 'Q8_0'],
      ['m-f16-00001-of-00002.gguf', 90, 'F16'],
    ]);
    expect(repository.files.map(({ unreadable }) => unreadable !== null)).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(repository.files[2]).toMatchObject({
      url: `${hub.url}/owner/repo/resolve/c0ffee/sub%20dir/m.Q4_K_M.gguf`,
      sha256: sha256(body(40)),
    });
  });

  it('that is gated is reported as gated', async () => {
    hub.gated = 'auto';
    expect((await listRepository('owner/repo', { hubUrl: hub.url })).gated).toBe(true);
  });

  it('that is missing, and a hub that is busy, broken or unreachable, give one sentence each', async () => {
    const answer =
      (status: number, text: string): typeof fetch =>
      () =>
        Promise.resolve(new Response(text, { status }));
    const message = (name: string, get?: typeof fetch) =>
      listRepository(name, { hubUrl: hub.url, ...(get ? { fetch: get } : {}) }).then(
        () => 'nothing was wrong',
        (error: Error) => error.message,
      );
    expect(await message('no/body')).toMatch(
      /answered 401 for no\/body: there is no such repository, or it is private/,
    );
    expect(await message('o/r', answer(404, ''))).toMatch(/404 .*check the spelling/);
    expect(await message('o/r', answer(429, ''))).toMatch(/429 .*too many requests/);
    expect(await message('o/r', answer(502, '<html>'))).toMatch(/502 .*fault/);
    expect(await message('o/r', answer(200, '<html>'))).toMatch(/not a listing of files/);
    expect(await message('o/r', answer(200, '{}'))).toMatch(/not a listing of files/);
    expect(await message('o/r', () => Promise.reject(new TypeError('x')))).toMatch(/cannot be reached/);
  });
});

describe('the rate of a transfer', () => {
  it('covers the last five seconds, over any number of pieces', () => {
    const rate = new TransferRate();
    expect(rate.bytesPerSecond).toBeNull();
    for (let ms = 0; ms <= 20_000; ms += 10) rate.add(ms, ms * 1000);
    expect(rate.bytesPerSecond).toBeCloseTo(1_000_000, 3);
    const at20 = 20_000_000;
    for (let ms = 10; ms <= 10_000; ms += 10) rate.add(20_000 + ms, at20 + ms * 2000);
    expect(rate.bytesPerSecond).toBeCloseTo(2_000_000, 3);
    rate.restart();
    expect(rate.bytesPerSecond).toBeNull();
  });
});
