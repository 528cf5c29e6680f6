import { EngineError } from '../engines/contract.ts';
import { storageError } from './storage_error.ts';
import { type ModelStore, type OpenFile, parseEntry, type StoredEntry } from './model_store.ts';

/** A part of the File System standard. TypeScript declares it only for workers, but this project compiles as one program. */
interface SyncAccessHandle {
  getSize(): number;
  read(buffer: Uint8Array, options: { at: number }): number;
  write(buffer: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type SyncFileHandle = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncAccessHandle> };

const FOLDER = 'models';
const BYTES = '.bin';
const ENTRY = '.json';

/**
 * Models in the origin private file system (OPFS): `<key>.bin` with `<key>.json` beside it. For dedicated workers, which can
 * write files in place. Source: WHATWG File System standard.
 *
 * @returns null if the browser gives no OPFS: some in private windows, all on pages that are not secure
 */
export async function opfsStore(): Promise<ModelStore | null> {
  let folder: FileSystemDirectoryHandle;
  try {
    const root = await navigator.storage.getDirectory();
    folder = await ask(root, () => root.getDirectoryHandle(FOLDER, { create: true }));
  } catch {
    return null;
  }
  const { FileSystemFileHandle: Handle } = globalThis;
  return 'createSyncAccessHandle' in Handle.prototype ? new OpfsStore(folder) : null;
}

export class OpfsStore implements ModelStore {
  readonly #folder: FileSystemDirectoryHandle;

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder;
  }

  async keys(): Promise<string[]> {
    const keys: string[] = [];
    await ask(this.#folder, async () => {
      for await (const name of this.#folder.keys()) {
        if (name.endsWith(ENTRY)) keys.push(name.slice(0, -ENTRY.length));
      }
    });
    return keys;
  }

  async entry(key: string): Promise<StoredEntry | null> {
    const file = await this.#file(key + ENTRY);
    return file && parseEntry(await file.text());
  }

  async saveEntry(key: string, entry: StoredEntry): Promise<void> {
    const file = await this.#open(key + ENTRY);
    try {
      file.empty();
      file.append(new TextEncoder().encode(JSON.stringify(entry)));
    } finally {
      file.close();
    }
  }

  open(key: string): Promise<OpenFile> {
    return this.#open(key + BYTES);
  }

  blob(key: string): Promise<Blob | null> {
    return this.#file(key + BYTES);
  }

  async remove(key: string): Promise<void> {
    // The entry is deleted last: bytes without an entry would never be listed again, and never deleted.
    for (const name of [key + BYTES, key + ENTRY]) {
      try {
        await ask(this.#folder, () => this.#folder.removeEntry(name));
      } catch (error) {
        if (!isNotFound(error)) throw storageError('The model', error);
      }
    }
  }

  async #open(name: string): Promise<OpenFile> {
    const handle: SyncFileHandle = await ask(this.#folder, () =>
      this.#folder.getFileHandle(name, { create: true }),
    );
    return new SyncFile(await ask(handle, () => handle.createSyncAccessHandle!()));
  }

  async #file(name: string): Promise<File | null> {
    try {
      const handle = await ask(this.#folder, () => this.#folder.getFileHandle(name));
      return await ask(handle, () => handle.getFile());
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }
}

/** Handles with a pending question. */
const asked = new Set<{ readonly handle: FileSystemHandle }>();

/**
 * Holds a handle until it has answered. If a handle is garbage-collected, Chromium drops its answer and the caller waits for ever.
 * Nothing else holds a handle while its answer is pending.
 */
async function ask<T>(handle: FileSystemHandle, question: () => Promise<T>): Promise<T> {
  const held = { handle };
  asked.add(held);
  try {
    return await question();
  } finally {
    asked.delete(held);
  }
}

class SyncFile implements OpenFile {
  readonly #handle: SyncAccessHandle;
  #size: number;
  #closed = false;

  constructor(handle: SyncAccessHandle) {
    this.#handle = handle;
    this.#size = handle.getSize();
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        const count = this.#handle.write(bytes.subarray(written), { at: this.#size });
        if (count === 0) throw new Error('nothing could be written');
        written += count;
        this.#size += count;
      }
    } catch (cause) {
      throw new EngineError(
        'storage-full',
        `The browser has no more room for this page after ${Math.floor(this.#size / 1e6)} MB of the model; delete another model or free space on the disk, then continue.`,
        { cause },
      );
    }
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = this.#handle.read(bytes.subarray(done), { at: offset + done });
      if (count === 0) throw new RangeError(`${length} bytes from ${offset} are not in the file yet`);
      done += count;
    }
    return bytes;
  }

  empty(): void {
    this.#handle.truncate(0);
    this.#size = 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#handle.flush();
    } finally {
      this.#handle.close();
    }
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
