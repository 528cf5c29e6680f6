/**
 * A model of a given shape whose weights are made when they are read, so that a large one can be timed without a file or
 * a whole copy in memory. The rows of each matrix come from a pool of quantised random rows, because quantising half a billion
 * numbers would take minutes, and the speed of a shader does not depend on them.
 */
import type { ByteSource } from '../../src/engines/contract.ts';
import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import { randomBits, streamOf } from '../models/counter_rng.ts';
import { type WrittenTensor, layOutGguf, tensorBytes } from '../models/gguf_writer.ts';
import { type ModelSpec, metadataOf, tensorsOf } from '../models/make_model.ts';
import { quantiseRow } from '../models/quantise.ts';

/** How many rows of a matrix are distinct. */
const POOL_ROWS = 64;

/** The pool of rows of one tensor. */
class TensorRows {
  readonly length: number;
  readonly #rowBytes: number;
  readonly #pool: Uint8Array;
  readonly #stream: number;
  readonly #rows: number;

  constructor(tensor: WrittenTensor) {
    const columns = tensor.shape[0]!;
    const { elements, bytes } = BLOCK_FORMATS[tensor.format];
    this.length = tensorBytes(tensor);
    this.#rowBytes = (columns / elements) * bytes;
    this.#rows = Math.min(POOL_ROWS, this.length / this.#rowBytes);
    this.#stream = streamOf(tensor.name);
    this.#pool = new Uint8Array(this.#rows * this.#rowBytes);
    const view = new DataView(this.#pool.buffer);
    const row = new Float32Array(columns);
    for (let i = 0; i < this.#rows; i++) {
      tensor.fill(i, row);
      quantiseRow(tensor.format, row, view, i * this.#rowBytes);
    }
  }

  /** Copies what lies from byte `from` of the tensor on into `out`. */
  copyTo(out: Uint8Array, from: number): void {
    for (let done = 0; done < out.length;) {
      const at = from + done;
      const row = Math.floor(at / this.#rowBytes);
      const within = at - row * this.#rowBytes;
      const pick = randomBits(0, this.#stream, row) % this.#rows;
      const take = Math.min(this.#rowBytes - within, out.length - done);
      const start = pick * this.#rowBytes + within;
      out.set(this.#pool.subarray(start, start + take), done);
      done += take;
    }
  }
}

/** @returns a GGUF file of this shape that is never held as a whole; the same spec gives the same bytes */
export function randomModelSource(spec: ModelSpec): ByteSource {
  const tensors = tensorsOf(spec);
  const { header, size, offsets } = layOutGguf(spec.version ?? 3, metadataOf(spec), tensors);
  const made = new Map<number, TensorRows>();
  const rowsOf = (index: number): TensorRows => {
    const rows = made.get(index) ?? new TensorRows(tensors[index]!);
    made.set(index, rows);
    return rows;
  };
  return {
    name: `random ${spec.architecture} ${spec.format}`,
    size,
    async read(offset, length) {
      if (offset < 0 || offset + length > size)
        throw new RangeError(`${offset} + ${length} is past the end, ${size}`);
      const out = new Uint8Array(length);
      if (offset < header.length) out.set(header.subarray(offset, offset + length));
      tensors.forEach((tensor, i) => {
        const start = offsets[i]!;
        const from = Math.max(start, offset);
        const to = Math.min(start + tensorBytes(tensor), offset + length);
        if (from < to) rowsOf(i).copyTo(out.subarray(from - offset, to - offset), from - start);
      });
      return out;
    },
  };
}

/** The format of a matrix with rows of this length. If a 256-block does not fit, llama.cpp's choice for that case. */
export function formatFor(wanted: BlockFormat, columns: number): BlockFormat {
  if (columns % BLOCK_FORMATS[wanted].elements === 0) return wanted;
  const instead: Partial<Record<BlockFormat, BlockFormat>> = { Q4_K: 'Q5_0', Q5_K: 'Q5_1', Q6_K: 'Q8_0' };
  return instead[wanted] ?? 'F16';
}
