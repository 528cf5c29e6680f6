/**
 * Computes the SHA-256 of a model's file in a worker of its own, so that a run goes on meanwhile. It reads a file on disk in
 * pieces. For a kept download it answers the verified hash, or reads the kept file. Answers hexadecimal, or null for
 * a file that it cannot read.
 */
import { createSHA256 } from 'hash-wasm';
import type { RemoteFile } from '../models/model_store.ts';
import { opfsStore } from '../models/opfs_store.ts';

export type HashQuestion =
  { readonly kind: 'file'; readonly file: File } | { readonly kind: 'remote'; readonly file: RemoteFile };

addEventListener('message', ({ data }: MessageEvent<HashQuestion>) => {
  const answer = data.kind === 'file' ? hashOf(data.file) : keptHash(data.file);
  answer.then(postMessage, () => postMessage(null));
});

async function keptHash({ url }: RemoteFile): Promise<string | null> {
  const store = await opfsStore();
  for (const key of (await store?.keys()) ?? []) {
    const entry = await store?.entry(key);
    if (entry?.url !== url || !entry.complete) continue;
    if (entry.verified && entry.sha256 !== null) return entry.sha256;
    const kept = await store?.blob(key);
    return kept?.size === entry.size ? hashOf(kept) : null;
  }
  return null;
}

async function hashOf(file: Blob): Promise<string> {
  const hasher = await createSHA256();
  const reader = file.stream().getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) hasher.update(piece.value);
  return hasher.digest('hex');
}
