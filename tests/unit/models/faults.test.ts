/** A fault at any call of a download gives a sentence and leaves nothing open, and the next visit works. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { openModelFile } from '../../../src/models/model_file.ts';
import { keyOf, listKept, type ModelStore, type RemoteFile } from '../../../src/models/model_store.ts';
import { OpfsStore } from '../../../src/models/opfs_store.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { sha256 } from '../../setup/hub.ts';
import { type Fault, FaultyBrowser } from './faulty_browser.ts';
import { LocksDouble } from './locks_double.ts';
import { MoodHub } from './mood_hub.ts';
import { type FolderDouble, folderDouble } from './opfs_double.ts';

const SIZE = 2001;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => randomBits(3, 1, i) >>> 3);
const url = 'https://models.invalid/m.gguf';
const listed: RemoteFile = { url, fileName: 'm.gguf', size: SIZE, sha256: sha256(bytes) };
const plain: RemoteFile = { url, fileName: 'm.gguf' };

let locks: LocksDouble;
let folder: FolderDouble;
let hub: MoodHub;
beforeEach(begin);
afterEach(() => void vi.unstubAllGlobals());

function begin(): void {
  locks = new LocksDouble();
  vi.stubGlobal('navigator', { locks });
  folder = folderDouble();
  hub = new MoodHub(async () => {
    const sizes = await Promise.all(
      [listed, plain].map(async (file) => (await new OpfsStore(folder).blob(await keyOf(file)))?.size ?? 0),
    );
    return Math.max(...sizes);
  });
  hub.put(url, bytes, true);
}

/** A whole visit: opens the file, reads while it arrives, and waits for its end. */
async function visit(
  remote: RemoteFile,
  store: ModelStore,
  options: { signal: AbortSignal; fetch: typeof fetch },
): Promise<void> {
  const file = await openModelFile(remote, store, {
    ...options,
    onProgress: () => undefined,
    firstPause: 0,
    silence: 20,
  });
  const early = file.source.read(SIZE - 10, 10);
  early.catch(() => undefined);
  await file.complete;
  expect(await early).toEqual(bytes.slice(SIZE - 10));
  expect(await file.source.read(0, SIZE)).toEqual(bytes);
}

const quiet = () => ({ signal: new AbortController().signal, fetch: hub.fetch });

/** The part of a file that an earlier visit left. */
async function left(remote: RemoteFile, count: number): Promise<void> {
  const store = new OpfsStore(folder);
  const key = await keyOf(remote);
  const file = await store.open(key);
  file.append(bytes.slice(0, count));
  file.close();
  const { fileName, sha256: known = null } = remote;
  const entry = { url, fileName, size: SIZE, sha256: known, etag: '"1"' };
  await store.saveEntry(key, { ...entry, complete: false, verified: false });
}

interface Scenario {
  readonly name: string;
  readonly remote: RemoteFile;
  readonly before?: () => Promise<void>;
  /** Another visit beside the one with the fault. */
  readonly beside?: () => Promise<unknown>;
}

const scenarios: readonly Scenario[] = [
  { name: 'a fresh download', remote: listed },
  { name: 'a fresh download of which nothing is known', remote: plain },
  { name: 'a download that goes on', remote: listed, before: () => left(listed, 700) },
  { name: 'one that goes on, of which nothing is known', remote: plain, before: () => left(plain, 700) },
  {
    name: 'bytes that are all here and have not been checked',
    remote: listed,
    before: () => left(listed, SIZE),
  },
  { name: 'a kept file', remote: listed, before: () => visit(listed, new OpfsStore(folder), quiet()) },
  { name: 'a second tab', remote: listed, beside: () => visit(listed, new OpfsStore(folder), quiet()) },
  {
    name: 'a deletion while it loads',
    remote: listed,
    beside: async () => {
      await new Promise((done) => setTimeout(done, 1));
      await new OpfsStore(folder).remove(await keyOf(listed));
    },
  },
];

/** @returns false when the scenario has fewer calls */
async function withFault({ remote, before, beside }: Scenario, at: number, fault: Fault): Promise<boolean> {
  begin();
  await before?.();
  const faulty = new FaultyBrowser(at, fault);
  const store = faulty.store(new OpfsStore(folder));
  const { signal } = faulty.stop;
  let settled = false;
  const all = Promise.allSettled([
    visit(remote, store, { signal, fetch: faulty.fetch(hub.fetch) }),
    beside?.(),
  ]).finally(() => (settled = true));
  // The visitor waits a while, and then presses Pause.
  const patience = setTimeout(() => faulty.stop.abort(), 60);
  const outcomes = await Promise.race([all, new Promise<null>((end) => setTimeout(() => end(null), 5000))]);
  clearTimeout(patience);
  const where = `${fault} at call ${at}, ${faulty.hit}`;
  expect(settled, `${where}: never ended`).toBe(true);
  for (const outcome of outcomes!) {
    if (outcome.status === 'fulfilled') continue;
    const error = outcome.reason as Error;
    expect(error, where).toBeInstanceOf(EngineError);
    expect(error.message, where).toMatch(/^[^\n]{20,250}\.$/);
    expect(error.message, where).not.toMatch(/Failed to do it|DOMException|undefined|NaN/);
  }
  faulty.stop.abort();
  await new Promise((done) => setTimeout(done, 2));
  expect(folder.openHandles, `${where}: a handle is open`).toBe(0);
  expect(locks.held, `${where}: a lock is held`).toEqual([]);
  // A piece that arrived when the store failed was not kept.
  hub.forget(url);
  await visit(remote, new OpfsStore(folder), quiet());
  expect(
    (await listKept(new OpfsStore(folder))).map(({ complete }) => complete),
    where,
  ).toEqual([true]);
  expect(hub.complaints, where).toEqual([]);
  return faulty.hit !== null;
}

describe.each(scenarios)('$name', (scenario) => {
  test.each<Fault>(['fails', 'stopped', 'hangs', 'late'])('%s', async (fault) => {
    let at = 1;
    while (await withFault(scenario, at, fault)) at++;
    expect(at).toBeGreaterThan(2);
  });
});
