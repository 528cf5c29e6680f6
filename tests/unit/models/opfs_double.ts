/**
 * A folder of the origin private file system, in memory, as strict as the File System standard (WHATWG) allows: a closed
 * handle throws, a file has one handle, an open file cannot be removed, reads and writes may move fewer bytes than
 * requested, and a snapshot is unreadable once its file has changed. tests/unit/models/store_contract.ts tests it and
 * real browsers with the same suite.
 */

/** The most bytes that one `read` or `write` of a handle moves. */
const SHORT = 100_003;

class Node {
  bytes = new Uint8Array(1024);
  size = 0;
  /** Counts changes of the bytes. */
  version = 0;
  open = false;
  removed = false;
}

export interface FolderOptions {
  /** The most bytes of all files together. */
  readonly room?: number;
  /**
   * Collects garbage before a file's handle answers. As in Chromium, a handle without references then never answers.
   */
  readonly collect?: () => void;
}

/** How many handles are open, for tests that look for leaks. */
export interface FolderDouble extends FileSystemDirectoryHandle {
  readonly openHandles: number;
}

export function folderDouble({ room = Infinity, collect }: FolderOptions = {}): FolderDouble {
  const files = new Map<string, Node>();
  const free = () => room - [...files.values()].reduce((sum, { size }) => sum + size, 0);
  const folder = {
    kind: 'directory',
    name: 'double',
    get openHandles() {
      return [...files.values()].filter(({ open }) => open).length;
    },
    async getFileHandle(name: string, options: { create?: boolean } = {}) {
      await null;
      let node = files.get(name);
      if (!node && !options.create) throw fault('NotFoundError', `no file ${name}`);
      if (!node) files.set(name, (node = new Node()));
      return fileHandle(name, node, free, collect);
    },
    async removeEntry(name: string) {
      await null;
      const node = files.get(name);
      if (!node) throw fault('NotFoundError', `no file ${name}`);
      if (node.open) throw fault('NoModificationAllowedError', `${name} is open`);
      node.removed = true;
      files.delete(name);
    },
    async *keys() {
      for (const name of [...files.keys()]) {
        await null;
        yield name;
      }
    },
  };
  return folder as unknown as FolderDouble;
}

function fileHandle(name: string, node: Node, free: () => number, collect: FolderOptions['collect']) {
  const access = () => {
    if (node.removed) throw fault('NotFoundError', `${name} was removed`);
    if (node.open) throw fault('NoModificationAllowedError', `${name} is open`);
    node.open = true;
    return new AccessHandle(node, free);
  };
  const file = () => {
    if (node.removed) throw fault('NotFoundError', `${name} was removed`);
    return new Snapshot(node, node.version, 0, node.size);
  };
  const handle = {
    kind: 'file',
    name,
    createSyncAccessHandle: () => answer(access),
    getFile: () => answer(file),
  };
  const held = new WeakRef(handle);
  const answer = async <T>(work: () => T): Promise<T> => {
    await null;
    if (collect) {
      // A weak reference lives to the end of the turn.
      await new Promise((done) => setTimeout(done));
      collect();
      if (!held.deref()) return new Promise(() => undefined);
    }
    return work();
  };
  return handle;
}

class AccessHandle {
  #closed = false;

  constructor(
    private readonly node: Node,
    private readonly free: () => number,
  ) {}

  getSize(): number {
    this.#check('getSize');
    return this.node.size;
  }

  read(buffer: Uint8Array, { at }: { at: number }): number {
    this.#check('read');
    const count = Math.max(0, Math.min(buffer.length, this.node.size - at, SHORT));
    buffer.set(this.node.bytes.subarray(at, at + count));
    return count;
  }

  write(buffer: Uint8Array, { at }: { at: number }): number {
    this.#check('write');
    const count = Math.min(buffer.length, SHORT, this.free() + this.node.size - at);
    if (count <= 0 && buffer.length > 0) throw fault('QuotaExceededError', 'no room');
    const end = at + count;
    if (end > this.node.bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.node.bytes.subarray(0, this.node.size));
      this.node.bytes = larger;
    }
    this.node.bytes.set(buffer.subarray(0, count), at);
    this.node.size = Math.max(this.node.size, end);
    this.node.version++;
    return count;
  }

  truncate(size: number): void {
    this.#check('truncate');
    this.node.bytes.fill(0, size);
    this.node.size = size;
    this.node.version++;
  }

  flush(): void {
    this.#check('flush');
  }

  /** The only call that a closed handle allows. */
  close(): void {
    if (!this.#closed) this.node.open = false;
    this.#closed = true;
  }

  #check(what: string): void {
    if (!this.#closed) return;
    throw fault(
      'InvalidStateError',
      `Failed to execute '${what}' on 'FileSystemSyncAccessHandle': The access handle was already closed`,
    );
  }
}

/** The result of `getFile()`: a snapshot, which becomes unreadable at the file's next change. */
class Snapshot extends Blob {
  constructor(
    private readonly node: Node,
    private readonly version: number,
    private readonly start: number,
    private readonly end: number,
  ) {
    super();
  }

  override get size(): number {
    return this.end - this.start;
  }

  override slice(start = 0, end = this.size): Blob {
    const at = (offset: number) => this.start + Math.min(offset, this.size);
    return new Snapshot(this.node, this.version, at(start), at(end));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    await null;
    if (this.node.removed || this.node.version !== this.version) {
      throw fault('NotReadableError', 'the file changed after the snapshot was taken');
    }
    return this.node.bytes.slice(this.start, this.end).buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }
}

function fault(name: string, message: string): DOMException {
  return new DOMException(message, name);
}
