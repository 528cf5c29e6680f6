/** A model from the network when the browser keeps nothing. Like some private windows, Node has no private file system. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashedSource } from '../../../src/models/hashed_source.ts';
import type { RemoteFile } from '../../../src/models/model_store.ts';
import { openRemote } from '../../../src/worker/loading/open_remote.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { sha256, StandInHub } from '../../setup/hub.ts';

const SIZE = 300_001;
const bytes = Uint8Array.from({ length: SIZE }, (_, i) => randomBits(7, 1, i) >>> 8);
const other = bytes.map((byte, i) => (i === SIZE - 1 ? byte ^ 1 : byte));
const PATH = 'model-Q8_0.gguf';

let hub: StandInHub;
let remote: RemoteFile;
beforeEach(async () => {
  hub = await StandInHub.start();
  remote = { url: hub.put(PATH, bytes), fileName: PATH, size: SIZE, sha256: sha256(bytes) };
});
afterEach(() => hub.stop());

const signal = new AbortController().signal;
const open = (file = remote) => openRemote(file, { signal, onProgress: () => undefined });

describe('a model that is not kept', () => {
  it('is still checked against its SHA-256', async () => {
    const { source, prove, note } = await open();
    expect(note).toContain('is not kept for the next visit');
    expect(await source.read(0, 1000)).toEqual(bytes.slice(0, 1000));
    await prove!(signal);

    hub.put(PATH, other);
    const wrong = await open();
    await wrong.source.read(0, 1000);
    await expect(wrong.prove!(signal)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining('SHA-256 differs') as string,
    });
  });

  it('is not checked where no hash is known', async () => {
    const plain: RemoteFile = { url: remote.url, fileName: PATH };
    expect((await open(plain)).prove).toBeUndefined();
  });
});

describe('a source that is hashed while it is read', () => {
  /** @returns the number of bytes requested from the underlying source */
  async function prove(reads: readonly (readonly [number, number])[], whole = bytes): Promise<number> {
    const below = bufferSource(PATH, whole);
    let asked = 0;
    const { source, prove: end } = await hashedSource(
      {
        ...below,
        read: (offset, length) => {
          asked += length;
          return below.read(offset, length);
        },
      },
      sha256(bytes),
    );
    const got = await Promise.all(reads.map(([offset, length]) => source.read(offset, length)));
    got.forEach((part, i) => {
      const [offset, length] = reads[i]!;
      expect(sha256(part)).toBe(sha256(whole.subarray(offset, offset + length)));
    });
    await end();
    return asked;
  }

  it('fetches each byte once when it is read in order, with gaps or without', async () => {
    expect(await prove([])).toBe(SIZE);
    expect(await prove([[0, SIZE]])).toBe(SIZE);
    expect(await prove([[10, 20], [1000, 100_000], [250_000, 50_001]])).toBe(SIZE); // prettier-ignore
  });

  it('hashes correctly in any other order too', async () => {
    await prove([[200_000, 1000], [5, 10], [0, 10], [0, 300_000], [100, 100]]); // prettier-ignore
    await expect(prove([[0, 100]], other)).rejects.toThrow('SHA-256');
  });
});
