/** Downloads from a hub of any mood give the right bytes or one true sentence, and fetch no byte twice. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { openModelFile } from '../../../src/models/model_file.ts';
import { keyOf, listKept, type RemoteFile } from '../../../src/models/model_store.ts';
import { OpfsStore } from '../../../src/models/opfs_store.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { sha256 } from '../../setup/hub.ts';
import { LocksDouble } from './locks_double.ts';
import { type Mood, MoodHub } from './mood_hub.ts';
import { folderDouble } from './opfs_double.ts';

const SIZE = 4001;
const address = (name: string) => `https://models.invalid/get?file=${name}`;
/** Successive versions of each file; the last one has another size. */
const versions = [0, 1, 2].map((file) =>
  [0, 1, 2].map((version) =>
    Uint8Array.from({ length: version === 2 ? 1003 : SIZE }, (_, i) => randomBits(version, file, i) >>> 3),
  ),
);
/** Two files that differ only after the `?`, and one with a complete listing. */
const files: readonly RemoteFile[] = [
  { url: address('a.gguf'), fileName: 'a.gguf' },
  { url: address('b.gguf'), fileName: 'b.gguf' },
  { url: address('listed.gguf'), fileName: 'listed.gguf', size: SIZE, sha256: sha256(versions[2]![0]!) },
];

// Without fast-check's bias to both ends, because the interesting values lie between.
const after = fc.noBias(fc.integer({ min: 0, max: SIZE }));
const mood: fc.Arbitrary<Mood> = fc.oneof(
  fc
    .constantFrom<Mood['kind']>('well', 'long', 'offline', 'whole', 'no such part', 'gzip', 'weak', 'hidden')
    .map((kind) => ({ kind }) as Mood),
  fc.record({ kind: fc.constantFrom('cut' as const, 'short' as const), after }),
  fc.record({ kind: fc.constantFrom('cut' as const), after }),
  fc.record({ kind: fc.constant('silent' as const), after }),
  fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom(403, 404, 429, 500, 503) }),
  fc.record({ kind: fc.constant('shifted' as const), by: fc.integer({ min: -600, max: 600 }) }),
);
const moods = fc.array(mood, { maxLength: 4 });
type Command =
  /** A visit by one tab or two, after a reload; each tab pauses when this many bytes have arrived. */
  | {
      readonly do: 'open';
      readonly file: number;
      readonly moods: Mood[];
      readonly pauseAt: (number | null)[];
    }
  | { readonly do: 'delete'; readonly file: number }
  | { readonly do: 'replace'; readonly file: number; readonly version: number };
const pauseAt = fc.oneof(fc.tuple(fc.option(after, { freq: 3 })), fc.tuple(after, fc.option(after)));
const commandOn = (file: fc.Arbitrary<number>): fc.Arbitrary<Command> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('open' as const), file, moods, pauseAt }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), file }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('replace' as const),
        file,
        version: fc.constantFrom(1, 1, 2, 0),
      }),
    },
  );
/** Most visits of a sequence concern one file, so that each finds what the one before left. */
const sequence = fc
  .nat({ max: files.length - 1 })
  .chain((one) =>
    fc.array(
      commandOn(
        fc.oneof({ weight: 4, arbitrary: fc.constant(one) }, { weight: 1, arbitrary: fc.nat({ max: 2 }) }),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  );

let locks: LocksDouble;
beforeEach(() => {
  locks = new LocksDouble();
  vi.stubGlobal('navigator', { locks });
});
afterEach(() => void vi.unstubAllGlobals());

function versionsOf(url: string) {
  return versions[files.findIndex((each) => each.url === url)]!;
}

/** One browser with its folder, and one hub. */
class Visit {
  readonly folder = folderDouble();
  readonly hub = new MoodHub(async (url) => {
    const key = await keyOf(files.find((each) => each.url === url)!);
    return (await new OpfsStore(this.folder).blob(key))?.size ?? 0;
  });

  constructor() {
    for (const each of files) this.put(each, 0);
  }

  put({ url, sha256: known }: RemoteFile, version: number): void {
    this.hub.put(url, versionsOf(url)[version]!, known !== undefined);
  }

  async do(step: Command): Promise<void> {
    const remote = files[step.file]!;
    if (step.do === 'replace') return this.put(remote, step.version);
    if (step.do === 'delete') {
      this.hub.forget(remote.url);
      return new OpfsStore(this.folder).remove(await keyOf(remote));
    }
    this.hub.moods = [...step.moods];
    await Promise.all(step.pauseAt.map((at) => this.open(remote, at)));
    this.hub.moods = [];
  }

  /** @returns whether the right bytes arrived */
  async open(remote: RemoteFile, pauseAt: number | null = null): Promise<boolean> {
    const stop = new AbortController();
    try {
      const { source, complete } = await openModelFile(remote, new OpfsStore(this.folder), {
        signal: stop.signal,
        onProgress: ({ receivedBytes }) => {
          if (pauseAt !== null && receivedBytes >= pauseAt) stop.abort();
        },
        fetch: this.hub.fetch,
        firstPause: 0,
        silence: 25,
      });
      const places = [0, source.size >> 1, source.size - 9].map((at) => Math.max(0, at));
      const early = Promise.all(places.map((at) => source.read(at, 9)));
      early.catch(() => undefined);
      await complete;
      const whole = await source.read(0, source.size);
      const right = versionsOf(remote.url).find((bytes) => sha256(bytes) === sha256(whole));
      expect(right, `${remote.fileName}: the bytes of no version`).toBeDefined();
      if (remote.sha256 !== undefined) expect(right).toBe(versionsOf(remote.url)[0]);
      expect(await early).toEqual(places.map((at) => right!.slice(at, at + 9)));
      return true;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      expect(error.message).toMatch(/^[^\n]{20,250}\.$/);
      expect(error.message).not.toMatch(/DOMException|TypeError|Failed to|undefined|null|NaN/);
      if (error.code === 'bad-file') this.hub.forget(remote.url);
      if (error.code === 'aborted') expect(stop.signal.aborted).toBe(true);
      return false;
    }
  }

  /** Checks that nothing is open, nothing was requested twice, and listed files exist. */
  async check(): Promise<void> {
    expect(this.hub.complaints).toEqual([]);
    expect(this.folder.openHandles).toBe(0);
    expect(locks.held).toEqual([]);
    for (const { present, size, complete } of await listKept(new OpfsStore(this.folder))) {
      expect(present).toBeGreaterThan(0);
      if (complete) expect(present).toBe(size);
    }
  }
}

test('a download gives the right bytes or one true sentence, fetches nothing twice, and works on the next visit', async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (steps) => {
      const visit = new Visit();
      for (const step of steps) {
        await visit.do(step);
        await visit.check();
      }
      // The hub is well again. The second try must bring the file; the first may still find the old damage.
      visit.put(files[2]!, 0);
      for (const remote of files) {
        expect((await visit.open(remote)) || (await visit.open(remote)), remote.fileName).toBe(true);
        const { requests } = visit.hub;
        expect(await visit.open(remote)).toBe(true);
        expect(visit.hub.requests).toBe(requests);
      }
      await visit.check();
    }),
    { seed: 11, numRuns: 80 },
  );
});
