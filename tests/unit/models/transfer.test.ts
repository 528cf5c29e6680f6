import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { type ModelFile, openModelFile } from '../../../src/models/model_file.ts';
import { addressOf, keyOf, listKept, type RemoteFile } from '../../../src/models/model_store.ts';
import type { TransferOptions, TransferProgress } from '../../../src/models/transfer.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { sha256, StandInHub } from '../../setup/hub.ts';
import { FolderStore } from './folder_store.ts';

const SIZE = 3_000_001;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => randomBits(7, 1, i >> 2) >>> (8 * (i & 3)));
const other = bytes.map((byte) => byte ^ 1);
const PATH = 'folder/model-Q8_0.gguf';

let hub: StandInHub;
let store: FolderStore;
let remote: RemoteFile;
beforeEach(async () => {
  hub = await StandInHub.start();
  store = await FolderStore.create();
  remote = { url: hub.put(PATH, bytes), fileName: 'model-Q8_0.gguf', size: SIZE, sha256: sha256(bytes) };
});
afterEach(async () => {
  await hub.stop();
});

function open(file = remote, options: Partial<TransferOptions> = {}): Promise<ModelFile> {
  return openModelFile(file, store, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    firstPause: 5,
    ...options,
  });
}

/** The file's SHA-256, because a test takes a minute to compare millions of bytes one by one. */
async function whole(file: ModelFile): Promise<string> {
  await file.complete;
  return sha256(await file.source.read(0, file.source.size));
}

const failure = (promise: Promise<unknown>): Promise<EngineError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as EngineError,
  );

describe('a download', () => {
  it('fetches every byte once, through a redirect, and keeps the file', async () => {
    const progress: TransferProgress[] = [];
    const file = await open(remote, { onProgress: (each) => progress.push(each) });
    expect(file.source.size).toBe(SIZE);
    expect(await whole(file)).toEqual(sha256(bytes));
    expect(hub.timesSent(PATH, SIZE)).toEqual([1, 1]);
    expect(progress.at(-1)).toMatchObject({ receivedBytes: SIZE, totalBytes: SIZE, waiting: null });
    expect(await listKept(store)).toEqual([
      {
        key: sha256(bytes),
        url: remote.url,
        fileName: remote.fileName,
        size: SIZE,
        present: SIZE,
        complete: true,
        verified: true,
      },
    ]);
    const before = hub.requests.length;
    expect(await whole(await open())).toEqual(sha256(bytes));
    // The same file from another address uses the same copy.
    expect(await whole(await open({ ...remote, url: 'https://elsewhere.invalid/x.gguf' }))).toEqual(
      sha256(bytes),
    );
    expect(hub.requests.length).toBe(before);
  });

  it('gives out its beginning while the rest arrives', async () => {
    hub.moods.set(PATH, { slow: 4_000_000 });
    let received = 0;
    const file = await open(remote, { onProgress: (each) => (received = each.receivedBytes) });
    expect(await file.source.read(10, 100)).toEqual(bytes.slice(10, 110));
    expect(received).toBeLessThan(SIZE);
    // A read of bytes that have not arrived waits for these and no others.
    expect(await file.source.read(1_500_000, 10)).toEqual(bytes.slice(1_500_000, 1_500_010));
    expect(received).toBeLessThan(SIZE);
    await file.complete;
  });

  it('resumes where the connection broke', async () => {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 2 });
    expect(await whole(await open())).toEqual(sha256(bytes));
    expect(hub.timesSent(PATH, SIZE)).toEqual([1, 1]);
    const ranges = hub.requests
      .filter((line) => line.includes('/storage/'))
      .map((line) => line.split(' ')[2]);
    expect(ranges).toEqual([undefined, 'bytes=1000000-', 'bytes=2000000-']);
  });

  it('is paused, and a later visit continues it without fetching a byte twice', async () => {
    hub.moods.set(PATH, { slow: 8_000_000 });
    const stop = new AbortController();
    const file = await open(remote, {
      signal: stop.signal,
      onProgress: ({ receivedBytes }) => receivedBytes > 1_000_000 && stop.abort(),
    });
    const error = await failure(file.complete);
    expect(error).toMatchObject({ code: 'aborted' });
    expect(await failure(file.source.read(SIZE - 10, 10))).toBe(error);
    const [partial] = await listKept(store);
    expect(partial).toMatchObject({ complete: false, size: SIZE });
    expect(partial!.present).toBeGreaterThan(1_000_000);

    hub.moods.delete(PATH);
    expect(await whole(await open())).toEqual(sha256(bytes));
    expect(hub.sent.find(({ from }) => from > 0)).toEqual({
      path: PATH,
      from: partial!.present,
      bytes: SIZE - partial!.present,
    });
  });

  it('pauses with a sentence of the page while an earlier part is hashed again', async () => {
    const part = await store.open(await keyOf(remote));
    part.append(bytes.slice(0, 2_000_000));
    part.close();
    const stop = new AbortController();
    const opened = failure(open(remote, { signal: stop.signal }));
    stop.abort();
    const error = await opened;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: 'aborted' });
    expect(store.folder.openHandles).toBe(0);
    expect(await whole(await open())).toEqual(sha256(bytes));
    expect(hub.sent.map(({ from }) => from)).toEqual([2_000_000]);
  });

  it('survives a connection that falls silent', async () => {
    hub.moods.set(PATH, { silentAfter: 500_000, times: 1 });
    expect(await whole(await open(remote, { silence: 2000 }))).toEqual(sha256(bytes));
    expect(hub.timesSent(PATH, SIZE)).toEqual([1, 1]);
  });

  it('waits as long as a busy server asks, and says so', async () => {
    hub.moods.set(PATH, { status: 429, retryAfter: '0.3', times: 2 });
    const waits = new Set<string | null>();
    const start = performance.now();
    expect(await whole(await open(remote, { onProgress: ({ waiting }) => waits.add(waiting) }))).toEqual(
      sha256(bytes),
    );
    expect(performance.now() - start).toBeGreaterThan(580);
    expect([...waits]).toContain('the server is busy');
  });

  it.each([
    [{ status: 404 }, 'network', /answered 404 .*no such file/],
    [{ status: 403 }, 'network', /answered 403 .*gated/],
    [{ status: 429 }, 'network', /answered 429 .*too many requests/],
    [{ status: 503 }, 'network', /answered 503 .*fault/],
  ] as const)('%j gives a clear sentence and leaves nothing behind', async (mood, code, message) => {
    hub.moods.set(PATH, mood);
    const error = await failure(open());
    expect(error).toBeInstanceOf(EngineError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(new URL(hub.url).host);
    expect(await listKept(store)).toEqual([]);
  });

  it('of a gated file ends with a sentence about what to do', async () => {
    hub.gated = 'auto';
    expect((await failure(open())).message).toMatch(/gated.*open the file from your disk/);
  });

  it('without a network ends with a sentence about what is kept', async () => {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 1 });
    let calls = 0;
    const lost: typeof fetch = (...all) =>
      ++calls > 1 ? Promise.reject(new TypeError('offline')) : fetch(...all);
    const file = await open(remote, { fetch: lost });
    const error = await failure(file.complete);
    expect(error).toMatchObject({ code: 'network' });
    expect(error.message).toContain(`1000000 of ${SIZE} bytes are kept`);
    expect((await listKept(store))[0]).toMatchObject({ present: 1_000_000, complete: false });
  });
});

describe('a file that differs from its listing', () => {
  it('is refused for its size before any byte is kept', async () => {
    const error = await failure(open({ ...remote, size: SIZE - 1 }));
    expect(error).toMatchObject({ code: 'bad-file' });
    expect(error.message).toContain(`${SIZE} bytes on the server instead of ${SIZE - 1}`);
    expect(await listKept(store)).toEqual([]);
  });

  it('is refused for its hash, and not kept', async () => {
    hub.put(PATH, other);
    const error = await failure(open().then(whole));
    expect(error).toMatchObject({ code: 'bad-file' });
    expect(error.message).toContain('SHA-256');
    expect(await listKept(store)).toEqual([]);
  });

  it('counts as unchanged under a weaker or another tag if its SHA-256 fits', async () => {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 3 });
    const tags = ['"abc"', 'W/"abc"', '"another"'];
    const retag: typeof fetch = async (...all) => {
      const response = await fetch(...all);
      const headers = new Headers(response.headers);
      headers.set('etag', tags.shift()!);
      return new Response(response.body, { status: response.status, headers });
    };
    expect(await whole(await open(remote, { fetch: retag }))).toEqual(sha256(bytes));
    expect(tags).toEqual([]);
    expect(hub.timesSent(PATH, SIZE)).toEqual([1, 1]);
  });

  it('is noticed on the disk too, because the part from an earlier visit is read again', async () => {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 1 });
    const stop = new AbortController();
    const file = await open(remote, {
      signal: stop.signal,
      onProgress: ({ receivedBytes, waiting }) => receivedBytes >= 1_000_000 && waiting && stop.abort(),
    });
    await failure(file.complete);
    const key = await keyOf(remote);
    const damaged = await store.open(key);
    damaged.empty();
    damaged.append(other.slice(0, 1_000_000));
    damaged.close();
    expect((await failure(open().then(whole))).message).toContain('SHA-256');
    expect(await listKept(store)).toEqual([]);
  });
});

describe('a file at any address, without size or hash', () => {
  it('is checked against its own size, and reported as unverified', async () => {
    const plain: RemoteFile = { url: remote.url, fileName: remote.fileName };
    expect(await whole(await open(plain))).toEqual(sha256(bytes));
    expect((await listKept(store))[0]).toMatchObject({ complete: true, verified: false, size: SIZE });
  });

  it('starts over when the server has another file', async () => {
    const plain: RemoteFile = { url: remote.url, fileName: remote.fileName };
    await interrupted(plain);
    hub.put(PATH, other);
    expect(await whole(await open(plain))).toEqual(sha256(other));
  });

  it('starts over when the server sends no ranges', async () => {
    await interrupted(remote);
    hub.moods.set(PATH, { noRanges: true });
    expect(await whole(await open(remote))).toEqual(sha256(bytes));
  });

  it('may not change while it is read', async () => {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 1 });
    const plain: RemoteFile = { url: remote.url, fileName: remote.fileName };
    const file = await open(plain, {
      onProgress: ({ waiting }) => waiting && hub.put(PATH, other),
    });
    expect((await failure(file.complete)).message).toContain(
      'another one on the server than when it was begun',
    );
  });

  it('starts over when the server’s file became shorter than the kept part', async () => {
    const plain: RemoteFile = { url: remote.url, fileName: remote.fileName };
    await interrupted(plain);
    hub.put(PATH, bytes.subarray(0, 500_000));
    expect(await whole(await open(plain))).toEqual(sha256(bytes.subarray(0, 500_000)));
  });

  it('has the query in its name, without a signature', async () => {
    const address = (query: string): string => addressOf(`https://models.invalid/get?${query}`);
    expect(address('Revision=master&FilePath=a.gguf')).not.toBe(address('Revision=master&FilePath=b.gguf'));
    expect(address('file=a&X-Amz-Signature=1&X-Amz-Date=2')).toBe(address('file=a'));
    expect(address('file=a&sig=1&se=2026&sp=r')).toBe(address('file=a'));
    expect(address('se=a')).not.toBe(address('se=b'));
    const get = (url: string) => new Response((url.includes('b.gguf') ? other : bytes).slice());
    const file = (name: string) =>
      open(
        { url: `https://models.invalid/get?FilePath=${name}`, fileName: name, size: SIZE },
        { fetch: (url) => Promise.resolve(get(url as string)) },
      );
    expect(await whole(await file('a.gguf'))).toEqual(sha256(bytes));
    expect(await whole(await file('b.gguf'))).toEqual(sha256(other));
  });

  async function interrupted(file: RemoteFile): Promise<void> {
    hub.moods.set(PATH, { cutAfter: 1_000_000, times: 1 });
    const stop = new AbortController();
    const opened = await open(file, {
      signal: stop.signal,
      onProgress: ({ waiting }) => waiting && stop.abort(),
    });
    await failure(opened.complete);
    expect((await listKept(store))[0]).toMatchObject({ present: 1_000_000, complete: false });
  }
});
