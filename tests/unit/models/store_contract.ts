/**
 * The contract of the browser's storage and of the page's store over it: one suite for the double in Node and for the real
 * storage in the worker of a browser (tests/e2e/flows/opfs.test.ts). It imports no test runner for that reason.
 */
import { EngineError } from '../../../src/engines/contract.ts';
import { type ModelFile, openModelFile } from '../../../src/models/model_file.ts';
import { listKept, type RemoteFile, type StoredEntry } from '../../../src/models/model_store.ts';
import { OpfsStore } from '../../../src/models/opfs_store.ts';
import { StoredFile } from '../../../src/models/stored_file.ts';

export interface ContractCase {
  readonly name: string;
  /** @param folder an empty folder. Throws if the contract is broken. */
  run(folder: FileSystemDirectoryHandle): Promise<void>;
}

const KEY = 'key';
const SIZE = 700_001;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2_654_435_761) >>> 24);
const ENTRY: StoredEntry = {
  url: 'https://models.invalid/a.gguf',
  fileName: 'a.gguf',
  size: SIZE,
  sha256: null,
  etag: null,
  complete: true,
  verified: false,
};

interface AccessHandle {
  getSize(): number;
  read(buffer: Uint8Array, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** A file of the platform, not of the store. */
async function platformFile(folder: FileSystemDirectoryHandle, name = 'file') {
  const handle = (await folder.getFileHandle(name, { create: true })) as FileSystemFileHandle & {
    createSyncAccessHandle(): Promise<AccessHandle>;
  };
  return { handle, access: await handle.createSyncAccessHandle() };
}

export const CONTRACT: readonly ContractCase[] = [
  {
    name: 'platform: everything but close() throws on a closed handle',
    async run(folder) {
      const { access } = await platformFile(folder);
      access.close();
      access.close();
      const calls = [
        () => access.read(new Uint8Array(1), { at: 0 }),
        () => access.write(new Uint8Array(1), { at: 0 }),
        () => access.truncate(0),
        () => access.getSize(),
        () => access.flush(),
      ];
      for (const call of calls) equal(await nameOf(call), 'InvalidStateError');
    },
  },
  {
    name: 'platform: a file has one handle, and is not removed while it is open',
    async run(folder) {
      const { handle, access } = await platformFile(folder);
      equal(await nameOf(() => handle.createSyncAccessHandle()), 'NoModificationAllowedError');
      equal(await nameOf(() => folder.removeEntry('file')), 'NoModificationAllowedError');
      access.close();
      (await handle.createSyncAccessHandle()).close();
      await folder.removeEntry('file');
      equal(await nameOf(() => folder.getFileHandle('file')), 'NotFoundError');
      equal(await nameOf(() => folder.removeEntry('file')), 'NotFoundError');
    },
  },
  {
    name: 'platform: a snapshot is the file as it was, or cannot be read',
    async run(folder) {
      const { handle, access } = await platformFile(folder);
      access.write(bytes.subarray(0, 1000), { at: 0 });
      access.flush();
      const before = await handle.getFile();
      equal(before.size, 1000);
      access.write(new Uint8Array(1000), { at: 0 });
      access.flush();
      const read = await before.arrayBuffer().then(
        (buffer) => new Uint8Array(buffer),
        () => null,
      );
      if (read) ok(same(read, bytes.subarray(0, 1000)) || same(read, new Uint8Array(1000)), 'torn bytes');
      access.close();
      equal((await (await handle.getFile()).arrayBuffer()).byteLength, 1000);
    },
  },
  {
    name: 'platform: a read past the end gives what is there',
    async run(folder) {
      const { access } = await platformFile(folder);
      access.write(bytes.subarray(0, 10), { at: 0 });
      equal(access.read(new Uint8Array(20), { at: 5 }), 5);
      equal(access.read(new Uint8Array(20), { at: 10 }), 0);
      access.close();
    },
  },
  {
    name: 'store: bytes are appended, read back, kept, and found by a later visit',
    async run(folder) {
      const store = new OpfsStore(folder);
      const file = await store.open(KEY);
      equal(file.size, 0);
      for (let at = 0; at < SIZE; at += 300_000) file.append(bytes.slice(at, at + 300_000));
      equal(file.size, SIZE);
      ok(same(file.read(299_990, 300_100), bytes.subarray(299_990, 600_090)), 'wrong bytes');
      throws(() => file.read(SIZE - 1, 2), 'a read past the end');
      await store.saveEntry(KEY, { ...ENTRY, complete: false });
      await store.saveEntry(KEY, ENTRY);
      file.close();
      file.close();
      const later = new OpfsStore(folder);
      equal((await later.keys()).join(), KEY);
      equal(JSON.stringify(await later.entry(KEY)), JSON.stringify(ENTRY));
      ok(same(new Uint8Array(await (await later.blob(KEY))!.arrayBuffer()), bytes), 'wrong bytes');
      equal((await later.open(KEY).then((again) => (again.close(), again))).size, SIZE);
      equal((await listKept(later)).length, 1);
      await later.remove(KEY);
      equal(await later.blob(KEY), null);
      equal(await later.entry(KEY), null);
      equal((await later.keys()).length, 0);
      await later.remove(KEY);
    },
  },
  {
    name: 'store: a file that is emptied begins at 0',
    async run(folder) {
      const file = await new OpfsStore(folder).open(KEY);
      file.append(bytes.slice(0, 1000));
      file.empty();
      equal(file.size, 0);
      file.append(bytes.slice(5, 10));
      ok(same(file.read(0, 5), bytes.subarray(5, 10)), 'wrong bytes');
      file.close();
    },
  },
  {
    name: 'store: a file that is written is deleted by nobody, and the refusal is a sentence',
    async run(folder) {
      const store = new OpfsStore(folder);
      const file = await store.open(KEY);
      await store.saveEntry(KEY, ENTRY);
      const refused = await failure(store.remove(KEY));
      equal(refused.code, 'not-supported');
      equal((await store.keys()).join(), KEY);
      file.close();
      await store.remove(KEY);
    },
  },
  {
    name: 'stored file: reads at every moment between the first byte and the kept file give the right bytes',
    async run(folder) {
      const store = new OpfsStore(folder);
      const stored = new StoredFile('a.gguf', { file: await store.open(KEY) }, () => store.blob(KEY));
      const source = stored.source(SIZE);
      const reads: Promise<void>[] = [];
      const look = () => {
        for (const [offset, length] of [
          [0, 1000],
          [350_000, 100],
          [SIZE - 10, 10],
        ] as const) {
          reads.push(
            source.read(offset, length).then((got) => {
              ok(same(got, bytes.subarray(offset, offset + length)), `wrong bytes at ${offset}`);
            }),
          );
        }
      };
      look();
      for (let at = 0; at < SIZE; at += 100_000) {
        stored.append(bytes.slice(at, at + 100_000));
        look();
        await null;
      }
      const finished = stored.finish(SIZE);
      // Looks once per turn of the loop, from the closing of the handle to the blob.
      let over = false;
      void finished.finally(() => (over = true));
      while (!over) {
        look();
        await null;
        await new Promise((done) => setTimeout(done));
      }
      await finished;
      look();
      await Promise.all(reads);
    },
  },
  {
    name: 'stored file: what is kept stays readable over a change of the snapshot, and is gone when it is deleted',
    async run(folder) {
      const store = new OpfsStore(folder);
      const file = await store.open(KEY);
      file.append(bytes);
      // Taken while the file is open, as another tab may.
      const blob = (await store.blob(KEY))!;
      file.empty();
      file.append(bytes);
      file.close();
      const source = new StoredFile('a.gguf', { blob }, () => store.blob(KEY)).source(SIZE);
      ok(same(await source.read(0, SIZE), bytes), 'wrong bytes');
      await store.remove(KEY);
      // Some browsers keep a deleted file for readers that have it open.
      const read = await source.read(0, 1000).then(
        (got) => same(got, bytes.subarray(0, 1000)),
        (error: EngineError) => error.code === 'bad-file' && error.message.includes('it was deleted'),
      );
      ok(read, 'neither the bytes nor a sentence');
    },
  },
  {
    name: 'stored file: a failure reaches every read, lets go of the handle, and may come twice',
    async run(folder) {
      const store = new OpfsStore(folder);
      const stored = new StoredFile('a.gguf', { file: await store.open(KEY) }, () => store.blob(KEY));
      stored.append(bytes.slice(0, 10));
      const source = stored.source(SIZE);
      const waiting = failure(source.read(0, 100));
      const error = new EngineError('network', 'The network is gone.');
      stored.fail(error);
      stored.fail(new EngineError('aborted', 'Another.'));
      ok((await waiting) === error && (await failure(source.read(0, 5))) === error, 'another error');
      throws(() => stored.append(bytes.slice(0, 1)), 'an append to a file that failed');
      (await store.open(KEY)).close();
    },
  },
  {
    name: 'download: a file comes, is read while it comes, is kept, is paused and continued, and is deleted',
    async run(folder) {
      const store = new OpfsStore(folder);
      const remote: RemoteFile = { url: ENTRY.url, fileName: 'a.gguf', size: SIZE };
      const stop = new AbortController();
      const first = await openModelFile(remote, store, {
        signal: stop.signal,
        onProgress: ({ receivedBytes }) => receivedBytes > 200_000 && stop.abort(),
        fetch: serve,
      });
      equal((await failure(first.complete)).code, 'aborted');
      let begin: (file: ModelFile) => void;
      const begun = new Promise<ModelFile>((resolve) => (begin = resolve));
      const reads: Promise<void>[] = [];
      const second = await openModelFile(remote, store, {
        signal: new AbortController().signal,
        onProgress: ({ receivedBytes }) => {
          // From the last byte on, although the transfer still has work to do.
          if (receivedBytes === SIZE) reads.push(begun.then(readOften));
        },
        fetch: serve,
      });
      begin!(second);
      await second.complete;
      await Promise.all(reads);
      ok(reads.length > 0 && same(await second.source.read(0, SIZE), bytes), 'wrong bytes');
      const kept = await listKept(store);
      equal(kept.map(({ complete, present }) => `${complete} ${present}`).join(), `true ${SIZE}`);
      await store.remove(kept[0]!.key);
      let left = 0;
      for await (const name of folder.keys()) left += name ? 1 : 0;
      equal(left, 0);
    },
  },
  {
    name: 'download: one that fails before its first byte is a sentence and leaves nothing',
    async run(folder) {
      const store = new OpfsStore(folder);
      const remote: RemoteFile = { url: ENTRY.url, fileName: 'a.gguf', size: SIZE };
      const refused = await failure(
        openModelFile(remote, store, {
          signal: new AbortController().signal,
          onProgress: () => undefined,
          fetch: () => Promise.resolve(new Response('no', { status: 404 })),
        }),
      );
      ok(refused instanceof EngineError && refused.message.includes('answered 404'), refused.message);
      equal((await store.keys()).length, 0);
    },
  },
];

/** Reads at every turn of the event loop, until the file is complete. */
async function readOften({ source, complete }: ModelFile): Promise<void> {
  const reads: Promise<Uint8Array>[] = [];
  let over = false;
  void complete.catch(() => undefined).then(() => (over = true));
  while (!over) {
    for (let turn = 0; turn < 50; turn++) {
      reads.push(source.read(SIZE - 100, 100));
      await null;
    }
    await new Promise((done) => setTimeout(done));
  }
  for (const read of await Promise.all(reads)) {
    ok(same(read, bytes.subarray(SIZE - 100)), 'wrong bytes while the file was completed');
  }
}

/** A server in the same process, piece by piece. */
const serve: typeof fetch = (_, init) => {
  const range = new Headers(init?.headers).get('range');
  const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  let at = from;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((done) => setTimeout(done));
      if (init?.signal?.aborted) return controller.error(init.signal.reason);
      controller.enqueue(bytes.slice(at, at + 50_000));
      at += 50_000;
      if (at >= SIZE) controller.close();
    },
  });
  const headers = {
    'content-length': String(SIZE - from),
    ...(range ? { 'content-range': `bytes ${from}-${SIZE - 1}/${SIZE}` } : {}),
  };
  return Promise.resolve(new Response(body, { status: range ? 206 : 200, headers }));
};

function ok(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

function equal(actual: unknown, expected: unknown): void {
  ok(actual === expected, `${String(actual)} instead of ${String(expected)}`);
}

function throws(work: () => unknown, what: string): void {
  try {
    work();
  } catch {
    return;
  }
  throw new Error(`${what} did not throw`);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

async function nameOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'nothing was thrown';
  } catch (error) {
    return (error as Error).name;
  }
}

const failure = (promise: Promise<unknown>): Promise<EngineError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as EngineError,
  );
