import type { Buffers } from '../gpu/buffers.ts';
import type { Mark } from '../gpu/readback.ts';
import { MAX_ROWS, MAX_SEQUENCES, PAGE_TOKENS } from './context.ts';

/** One row of a forward pass: a token at a position of the sequence whose pages are table `table`. */
export interface BatchRow {
  readonly token: number;
  readonly position: number;
  readonly table: number;
  /** The token that follows, if its rank is wanted. */
  readonly next?: number | undefined;
}

/** Means: no token. */
const NONE = 0xffffffff;

const HEADER = 4;
const NUMBER = 3;
const ROW = 4;

/** The GPU's copy of a pass's input (shaders/common/batch.wgsl): one buffer, one write per step. */
export class Batch {
  readonly buffer: GPUBuffer;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #tableStride: number;
  #number = 0;

  constructor(buffers: Buffers, contextLength: number) {
    this.#tableStride = Math.ceil(contextLength / PAGE_TOKENS);
    this.#words = new Uint32Array(HEADER + MAX_ROWS * (ROW + 1) + MAX_SEQUENCES * this.#tableStride);
    this.buffer = buffers.storage('scratch:batch', this.#words.byteLength);
  }

  /**
   * @returns the number of this pass; the buffer on the GPU holds it from now on
   * @param outputs rows whose logits are wanted
   * @param tables page numbers of each table that a row names
   */
  write(
    queue: GPUQueue,
    rows: readonly BatchRow[],
    outputs: readonly number[],
    tables: readonly (readonly number[])[],
  ): Mark {
    const words = this.#words;
    words[0] = rows.length;
    words[1] = this.#tableStride;
    words[2] = outputs.length;
    this.#number = (this.#number + 1) >>> 0;
    words[NUMBER] = this.#number;
    rows.forEach(({ token, position, table, next = NONE }, i) => {
      const at = HEADER + i * ROW;
      words[at] = token;
      words[at + 1] = position;
      words[at + 2] = table;
      words[at + 3] = next;
    });
    words.set(outputs, HEADER + MAX_ROWS * ROW);
    tables.forEach((pages, i) => words.set(pages, HEADER + MAX_ROWS * (ROW + 1) + i * this.#tableStride));
    const used = HEADER + MAX_ROWS * (ROW + 1) + tables.length * this.#tableStride;
    queue.writeBuffer(this.buffer, 0, words, 0, used);
    return { buffer: this.buffer, offset: NUMBER * 4, value: this.#number };
  }
}
