/** The embedded model's file can be read while it arrives, and is trusted only when it is verified. */
import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import type { CatalogueEntry } from '../../../src/models/catalogue.ts';
import { openCatalogue } from '../../../src/worker/loading/open_catalogue.ts';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) & 255);
const entry: CatalogueEntry = {
  id: 'embedded',
  name: 'Little',
  url: 'models/little.gguf',
  fileName: 'little.gguf',
  size: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  licence: 'MIT',
  description: '',
};

/** A server whose answer is sent piece by piece. */
function serve(status = 200) {
  const sent = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 8 });
  const writer = sent.writable.getWriter();
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('fetch', (_: URL, { signal }: RequestInit) => {
    signal?.addEventListener('abort', () => void writer.abort(signal.reason));
    return Promise.resolve(new Response(sent.readable, { status }));
  });
  return writer;
}

function open(signal = new AbortController().signal) {
  const options = { signal, onProgress: () => undefined, onNote: () => undefined };
  return openCatalogue(entry, 'https://example.org/page/', options);
}

afterEach(() => vi.unstubAllGlobals());

test('arrived bytes are read at once, the rest when they arrive, and the whole file is verified', async () => {
  const writer = serve();
  const { source, complete } = open();
  await writer.write(bytes.slice(0, 400));
  expect(await source.read(100, 200)).toEqual(bytes.slice(100, 300));

  const read: string[] = [];
  const late = source.read(350, 100).then((part) => {
    read.push('late');
    return part;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(read).toEqual([]);
  await writer.write(bytes.slice(400));
  expect(await late).toEqual(bytes.slice(350, 450));
  await writer.close();
  await complete;
  await expect(source.read(990, 11)).rejects.toMatchObject({ code: 'bad-file' });
});

test.each([
  ['another file', bytes.map((byte) => byte ^ 1), /not the file that the page was made with/],
  ['a shorter file', bytes.slice(0, 900), /900 bytes long instead of 1000/],
  ['a longer file', Uint8Array.from([...bytes, 1]), /longer than its 1000 bytes/],
])('%s is refused with the reason', async (_, sent, message) => {
  const writer = serve();
  const { complete } = open();
  await Promise.all([
    expect(complete).rejects.toMatchObject({ code: 'bad-file', message: expect.stringMatching(message) }),
    writer
      .write(sent)
      .then(() => writer.close())
      .catch(() => undefined),
  ]);
});

test('a waiting read ends when its download ends', async () => {
  serve(404);
  const { source, complete } = open();
  const [read, whole] = await Promise.allSettled([source.read(0, 10), complete]);
  expect(read).toMatchObject({ status: 'rejected', reason: { code: 'network' } });
  expect(whole).toMatchObject({
    reason: { message: expect.stringMatching(/example.org: the server answered 404/) },
  });
  await expect(source.read(0, 10)).rejects.toMatchObject({ code: 'network' });
});

test('an abort ends the waiting read and the load', async () => {
  const writer = serve();
  const stop = new AbortController();
  const { source, complete } = open(stop.signal);
  await writer.write(bytes.slice(0, 10));
  const waiting = source.read(0, 500);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  await expect(complete).rejects.toMatchObject({ code: 'aborted' });
});
