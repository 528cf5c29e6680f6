/** The store's contract over a folder of this machine: what OPFS is in a browser. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { openAsBlob } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ModelStore,
  type OpenFile,
  parseEntry,
  type StoredEntry,
} from '../../../src/models/model_store.ts';

export class FolderStore implements ModelStore {
  private constructor(readonly folder: string) {}

  static async create(): Promise<FolderStore> {
    return new FolderStore(await mkdtemp(join(tmpdir(), 'models-')));
  }

  async keys(): Promise<string[]> {
    const names = await readdir(this.folder);
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  }

  async entry(key: string): Promise<StoredEntry | null> {
    const text = await readFile(join(this.folder, `${key}.json`), 'utf8').catch(() => null);
    return text === null ? null : parseEntry(text);
  }

  saveEntry(key: string, entry: StoredEntry): Promise<void> {
    return writeFile(join(this.folder, `${key}.json`), JSON.stringify(entry));
  }

  open(key: string): Promise<OpenFile> {
    const file = openSync(join(this.folder, `${key}.bin`), 'a+');
    let open = true;
    return Promise.resolve({
      get size() {
        return fstatSync(file).size;
      },
      append: (bytes: Uint8Array) => void writeSync(file, bytes),
      read: (offset: number, length: number) => {
        const bytes = new Uint8Array(length);
        if (readSync(file, bytes, 0, length, offset) !== length) throw new RangeError('not there yet');
        return bytes;
      },
      empty: () => ftruncateSync(file, 0),
      close: () => {
        if (open) closeSync(file);
        open = false;
      },
    });
  }

  async blob(key: string): Promise<Blob | null> {
    const path = join(this.folder, `${key}.bin`);
    return (await stat(path).catch(() => null)) ? openAsBlob(path) : null;
  }

  async remove(key: string): Promise<void> {
    for (const end of ['bin', 'json']) await rm(join(this.folder, `${key}.${end}`), { force: true });
  }

  dispose(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
