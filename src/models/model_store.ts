import * as v from 'valibot';
import { storageError } from './storage_error.ts';

/** A model's file somewhere on the network. */
export interface RemoteFile {
  /** Absolute. */
  readonly url: string;
  /** For messages and lists, e.g. `qwen2.5-0.5b-instruct-q8_0.gguf`. */
  readonly fileName: string;
  /** Bytes, if a listing gave the size; the download must match it. */
  readonly size?: number;
  /** SHA-256 in hexadecimal, if a listing gave it; the bytes must match it. */
  readonly sha256?: string;
}

const entrySchema = v.object({
  url: v.string(),
  fileName: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: v.nullable(v.string()),
  etag: v.nullable(v.string()),
  /** Every byte is here, and the hash was right if one is known. */
  complete: v.boolean(),
  /** The bytes were checked against a SHA-256, not only by their number. */
  verified: v.boolean(),
});

/** The description stored beside a kept file. `size` is that of the whole file, however much of it is here. */
export type StoredEntry = Readonly<v.InferOutput<typeof entrySchema>>;

/** @returns null for anything but an entry: other versions of this page share the store */
export function parseEntry(text: string): StoredEntry | null {
  try {
    const parsed = v.safeParse(entrySchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** A file that is written and read at the same time. Nobody else has it open. */
export interface OpenFile {
  /** Bytes; the only member that may be used after `close`. */
  readonly size: number;
  /** @throws EngineError `storage-full` */
  append(bytes: Uint8Array<ArrayBuffer>): void;
  /** Exactly `length` bytes, which must be there. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  empty(): void;
  /** Writes the remaining bytes and releases the file. Closing it again does nothing. */
  close(): void;
}

/** Keeps models, by key. Kept bytes survive a reload, but the browser may evict them (see storage_room.ts). */
export interface ModelStore {
  keys(): Promise<string[]>;
  entry(key: string): Promise<StoredEntry | null>;
  saveEntry(key: string, entry: StoredEntry): Promise<void>;
  /** Creates the file if there is none. */
  open(key: string): Promise<OpenFile>;
  /** The present content of the file, valid until the file changes; null if there is no file. */
  blob(key: string): Promise<Blob | null>;
  remove(key: string): Promise<void>;
}

/** A file as the page lists it. Sizes in bytes. */
export interface KeptModel {
  readonly key: string;
  readonly url: string;
  readonly fileName: string;
  readonly size: number;
  /** Less than `size` while the download is not complete. */
  readonly present: number;
  readonly complete: boolean;
  readonly verified: boolean;
}

/** @throws EngineError if the store fails */
export async function listKept(store: ModelStore): Promise<KeptModel[]> {
  try {
    const kept: KeptModel[] = [];
    for (const key of await store.keys()) {
      const entry = await store.entry(key);
      if (!entry) continue;
      const { url, fileName, size, complete, verified } = entry;
      const present = (await store.blob(key))?.size ?? 0;
      kept.push({ key, url, fileName, size, present, complete: complete && present === size, verified });
    }
    return kept.sort((a, b) => a.fileName.localeCompare(b.fileName));
  } catch (cause) {
    throw storageError('the list of kept models', cause);
  }
}

/** The key of a file: its own hash if it is known, so that two addresses of the same file share one copy. */
export async function keyOf({ url, sha256 }: RemoteFile): Promise<string> {
  if (sha256 !== undefined) return sha256;
  const address = new TextEncoder().encode(addressOf(url));
  return `url-${hex(new Uint8Array(await crypto.subtle.digest('SHA-256', address)))}`;
}

/**
 * The query parameters that sign an address for a limited time at Amazon, Google and CloudFront. Azure's are removed only if its
 * `sig` is there, since its other parameters are short words that may name a file elsewhere.
 */
const SIGNATURE = /^(X-(Amz|Goog)-.*|AWSAccessKeyId|GoogleAccessId|Signature|Expires|Policy|Key-Pair-Id)$/i;
const AZURE_SIGNATURE = /^(sig|s[veprst]|spr|sk(oid|tid|t|e|s|v)|rsc[cdelt])$/;

/** An address without the parts that change on every visit although the file is the same. The rest after `?` may name the file. */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const address = new URL(url);
  address.hash = '';
  const { searchParams: named } = address;
  const azure = named.has('sig');
  for (const name of [...named.keys()]) {
    if (SIGNATURE.test(name) || (azure && AZURE_SIGNATURE.test(name))) named.delete(name);
  }
  return address.href;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
