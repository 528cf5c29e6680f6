import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeFileSource } from '../../../scripts/node_file.ts';
import type { ByteSource } from '../../../src/engines/contract.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { blobSource, bufferSource } from '../../../src/engines/gguf/sources.ts';
import { urlSource } from '../../../src/engines/gguf/url_source.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { makeModel } from '../../models/make_model.ts';
import { TINY } from './small_files.ts';

// Larger than the 4 MiB that the sequential source keeps, so that going back starts a new download.
const bytes = Uint8Array.from({ length: 6_000_000 }, (_, i) => randomBits(1, 1, i >> 2) >>> (8 * (i & 3)));

let server: Server | undefined;
let requests: string[] = [];
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A real server on this machine. */
async function serve(listener: RequestListener): Promise<string> {
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.range ?? ''}`.trim());
    listener(request, response);
  });
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/some.gguf?download=true`;
}

const withRanges =
  (body: () => Uint8Array, headers: Record<string, string> = {}): RequestListener =>
  (request, response) => {
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    if (!range)
      return void response.writeHead(200, { 'content-length': body().length, ...headers }).end(body());
    const part = body().subarray(Number(range[1]), Number(range[2]) + 1);
    const contentRange = `bytes ${range[1]}-${range[2]}/${body().length}`;
    response
      .writeHead(206, { 'content-range': contentRange, 'content-length': part.length, ...headers })
      .end(part);
  };

const withoutRanges: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);

async function reads(source: ByteSource): Promise<void> {
  expect(source.size).toBe(bytes.length);
  const places = [
    [0, 10],
    [5, 100_000],
    [4_500_000, 1_000_000],
    [5_999_999, 1],
    [6_000_000, 0],
    [17, 3],
  ] as const;
  for (const [offset, length] of places) {
    const read = await source.read(offset, length);
    expect(Buffer.compare(read, bytes.subarray(offset, offset + length)), `${length} at ${offset}`).toBe(0);
    // The caller owns the buffer: changing it must affect nothing else.
    read.fill(0);
  }
  const together = await Promise.all(places.map(([offset, length]) => source.read(offset, length)));
  together.forEach((read, i) => {
    expect(Buffer.compare(read, bytes.subarray(places[i]![0], places[i]![0] + places[i]![1]))).toBe(0);
  });
  for (const [offset, length] of [
    [5_999_999, 2],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [1e300, 1],
  ] as const) {
    await expect(source.read(offset, length)).rejects.toMatchObject({ code: 'bad-file' });
  }
  await expect(source.read(0, 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
}

describe('a source gives the exact bytes', () => {
  it('from a buffer', async () => {
    await reads(bufferSource('b', bytes));
    await reads(bufferSource('b', bytes.buffer));
    await reads(bufferSource('b', Uint8Array.from([9, ...bytes]).subarray(1)));
  });

  it('from a blob', () => reads(blobSource(new Blob([bytes]), 'b')));

  it('from a file on this machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'source-'));
    const path = join(folder, 'some.gguf');
    await writeFile(path, bytes);
    const source = await nodeFileSource(path);
    await reads(source);
    await truncate(path, 100);
    await expect(source.read(50, 100)).rejects.toMatchObject({ code: 'bad-file' });
    await source.close();
    await expect(nodeFileSource(join(folder, 'none.gguf'))).rejects.toThrow(/none\.gguf cannot be opened/);
    await expect(nodeFileSource(folder)).rejects.toThrow(/is not a file/);
    await rm(folder, { recursive: true });
  });

  it('from a server with ranges', async () => {
    const source = await urlSource(await serve(withRanges(() => bytes, { etag: '"1"' })));
    expect(source.name).toBe('some.gguf');
    await reads(source);
    expect(requests[0]).toBe('GET bytes=0-0');
    expect(requests).toContain('GET bytes=5-100004');
  });

  it('from a server that hides Content-Range', async () => {
    const ranges = withRanges(() => bytes);
    const url = await serve((request, response) => {
      if (request.method === 'HEAD')
        return void response.writeHead(200, { 'content-length': bytes.length }).end();
      const writeHead = response.writeHead.bind(response);
      response.writeHead = ((status: number) => writeHead(status)) as typeof response.writeHead;
      ranges(request, response);
    });
    await reads(await urlSource(url));
    expect(requests[1]).toBe('HEAD');
  });

  it('from a server that ignores Range, in one download when read in order', async () => {
    const source = await urlSource(await serve(withoutRanges));
    for (let offset = 0; offset < bytes.length; offset += 1_500_000) {
      // Some reads go back a little, as a loader does: the first tensor begins in the header's last chunk.
      const from = Math.max(0, offset - 1_000_000);
      expect(Buffer.compare(await source.read(from, 1_000_000), bytes.subarray(from, from + 1_000_000))).toBe(
        0,
      );
    }
    expect(requests).toHaveLength(1);
    await reads(source);
    expect(requests.length).toBeGreaterThan(1);
  });

  it('and opens a model in each of these ways', async () => {
    const model = makeModel(TINY);
    for (const listener of [
      withRanges(() => model),
      (_: unknown, response: Parameters<RequestListener>[1]) =>
        void response.writeHead(200, { 'content-length': model.length }).end(model),
    ] as RequestListener[]) {
      const file = await openGguf(await urlSource(await serve(listener)));
      const { offset, byteLength } = file.tensors.get('token_embd.weight')!;
      const read = await file.source.read(offset, byteLength);
      expect(Buffer.compare(read, model.subarray(offset, offset + byteLength))).toBe(0);
      server!.close();
    }
  });
});

describe('an error names the server and says what to do', () => {
  const status =
    (code: number): RequestListener =>
    (_request, response) =>
      void response.writeHead(code).end();

  it.each([
    [404, /127\.0\.0\.1:\d+ answered 404 for some\.gguf: there is no such file/],
    [401, /wants a login/],
    [403, /not allowed/],
    [400, /check the address/],
  ])('%i at once', async (code, message) => {
    await expect(urlSource(await serve(status(code)))).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(message) as string,
    });
    expect(requests).toHaveLength(1);
  });

  it('503 is retried, and then works', async () => {
    let left = 2;
    const ranges = withRanges(() => bytes);
    const url = await serve((request, response) =>
      left-- > 0 ? void response.writeHead(503).end() : ranges(request, response),
    );
    expect((await urlSource(url)).size).toBe(bytes.length);
    expect(requests).toHaveLength(3);
  });

  it('a permanent 500 ends the retries', async () => {
    await expect(urlSource(await serve(status(500)))).rejects.toThrow(/the server has a fault/);
    expect(requests).toHaveLength(3);
  });

  it('when no server answers', async () => {
    const url = await serve(withoutRanges);
    await new Promise((done) => server!.close(done));
    await expect(urlSource(url)).rejects.toThrow(/cannot be reached for some\.gguf; check the connection/);
  });

  it('when the size is unknown', async () => {
    const url = await serve(
      (_request, response) => void response.writeHead(200).end(bytes.subarray(0, 1000)),
    );
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'bad-reply' });
  });

  it('when the file’s size or tag changed, or ranges ceased', async () => {
    let body: Uint8Array = bytes;
    let etag = '"1"';
    let ranges = true;
    const url = await serve((request, response) => {
      if (!ranges) delete request.headers.range;
      withRanges(() => body, { etag })(request, response);
    });
    const source = await urlSource(url);
    const changed = { code: 'network', message: expect.stringMatching(/changed on the server/) as string };
    body = bytes.subarray(0, 5_000_000);
    await expect(source.read(0, 10)).rejects.toMatchObject(changed);
    [body, etag] = [bytes, '"2"'];
    await expect(source.read(0, 10)).rejects.toMatchObject(changed);
    [etag, ranges] = ['"1"', false];
    await expect(source.read(0, 10)).rejects.toMatchObject(changed);
    ranges = true;
    expect(await source.read(0, 10)).toHaveLength(10);
  });

  it.each([true, false])('when the connection breaks in the middle (ranges: %s)', async (ranges) => {
    const url = await serve((request, response) => {
      if (ranges && request.headers.range === 'bytes=0-0') return withRanges(() => bytes)(request, response);
      const contentRange = 'bytes 0-999999/6000000';
      response.writeHead(ranges ? 206 : 200, {
        'content-length': ranges ? 1_000_000 : bytes.length,
        ...(ranges ? { 'content-range': contentRange } : {}),
      });
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    });
    const source = await urlSource(url);
    await expect(source.read(0, 1_000_000)).rejects.toMatchObject({
      code: 'network',
      message: expect.stringMatching(/connection broke/) as string,
    });
  });

  it('when it is aborted while the server is silent', async () => {
    const stop = new AbortController();
    const url = await serve(() => setTimeout(() => stop.abort(), 50));
    await expect(urlSource(url, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});
