import type { ByteSource } from '../../../src/engines/contract.ts';
import type { ModelSpec } from '../../models/make_model.ts';

/** A model of a few kilobytes. */
export const TINY: ModelSpec = {
  seed: 1,
  architecture: 'llama',
  format: 'Q8_0',
  vocabularySize: 307,
  contextLength: 32,
  layers: 1,
  embeddingLength: 32,
  feedForwardLength: 32,
  heads: 2,
  kvHeads: 1,
  tied: true,
};

/** A source that counts its reads. It answers in short chunks only if the reader allows that. */
export class CountingSource implements ByteSource {
  readonly name = 'counted.gguf';
  readonly #bytes: Uint8Array;
  largestRead = 0;
  totalRead = 0;
  reads = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.reads++;
    this.totalRead += length;
    this.largestRead = Math.max(this.largestRead, length);
    if (offset < 0 || offset + length > this.size)
      throw new Error(`read of ${length} at ${offset} is past the end`);
    return Promise.resolve(new Uint8Array(this.#bytes.subarray(offset, offset + length)));
  }
}
