/**
 * The name of a record in a paper: a SHA-256 over what decides it and what came out, which are the model's file, the settings that
 * drew each part, and the token ids. Links round the numbers and files keep more candidates, so neither is part of it: the same run
 * has the same hash in a link, in a file, on a picture and in a certificate.
 */
import { sha256 } from 'hash-wasm';
import { sortedJson } from './checksum.ts';
import type { RunRecord } from './document.ts';

/** @returns 64 hexadecimal digits */
export function recordHash({ model, strategy, lines }: RunRecord): Promise<string> {
  return sha256(
    sortedJson({
      model: { sha256: model.sha256, vocabularySize: model.vocabularySize },
      strategy,
      texts: lines.map(({ params, drawn, promptLength, tokens }) => ({
        params,
        drawn,
        promptLength,
        tokens: tokens.map(({ id }) => id),
      })),
    }),
  );
}

/** As many digits as a caption has room for. */
export function shortHash(hash: string): string {
  return hash.slice(0, 16);
}
