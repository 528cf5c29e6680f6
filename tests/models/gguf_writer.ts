import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import { quantiseRow } from './quantise.ts';

/** A metadata value with its type in the file. Source: ggml/docs/gguf.md. */
export type WrittenValue =
  | {
      readonly type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'u64' | 'i64' | 'f64';
      readonly value: number;
    }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'f32s' | 'i32s' | 'u32s'; readonly value: readonly number[] };

export interface WrittenTensor {
  readonly name: string;
  /** ggml's order: [columns, rows]. */
  readonly shape: readonly number[];
  readonly format: BlockFormat;
  /** Gives the weights of row `row` in `out` (length: columns). */
  readonly fill: (row: number, out: Float32Array) => void;
}

const TYPES = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'bool', 'string', 'array', 'u64', 'i64', 'f64'];
const ALIGNMENT = 32;

/** A GGUF file before its weights are written. */
export interface GgufLayout {
  readonly header: Uint8Array<ArrayBuffer>;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Where each tensor begins, from the start of the file. */
  readonly offsets: readonly number[];
}

/** Lays out a GGUF file. Versions 2 and 3 differ only in their number (3 also allows big-endian files). */
export function layOutGguf(
  version: 2 | 3,
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly WrittenTensor[],
): GgufLayout {
  const header = new ByteList();
  header.bytes(new TextEncoder().encode('GGUF'));
  header.number('u32', version);
  header.number('u64', tensors.length);
  header.number('u64', metadata.size);
  for (const [key, value] of metadata) {
    header.string(key);
    header.value(value);
  }
  let dataLength = 0;
  const offsets: number[] = [];
  for (const tensor of tensors) {
    header.string(tensor.name);
    header.number('u32', tensor.shape.length);
    for (const length of tensor.shape) header.number('u64', length);
    header.number('u32', BLOCK_FORMATS[tensor.format].ggmlType);
    header.number('u64', dataLength);
    offsets.push(dataLength);
    dataLength = padded(dataLength + tensorBytes(tensor));
  }
  const dataOffset = padded(header.length);
  const bytes = new Uint8Array(dataOffset);
  header.copyTo(bytes);
  return {
    header: bytes,
    size: dataOffset + dataLength,
    offsets: offsets.map((offset) => dataOffset + offset),
  };
}

/** @returns the bytes of a whole GGUF file */
export function writeGguf(
  version: 2 | 3,
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly WrittenTensor[],
): Uint8Array<ArrayBuffer> {
  const { header, size, offsets } = layOutGguf(version, metadata, tensors);
  const file = new Uint8Array(size);
  file.set(header);
  tensors.forEach((tensor, i) => writeRows(tensor, file, offsets[i]!));
  return file;
}

function writeRows(tensor: WrittenTensor, file: Uint8Array<ArrayBuffer>, at: number): void {
  const columns = tensor.shape[0]!;
  const rows = tensor.shape.slice(1).reduce((product, length) => product * length, 1);
  const rowBytes = tensorBytes(tensor) / rows;
  const view = new DataView(file.buffer);
  const row = new Float32Array(columns);
  for (let i = 0; i < rows; i++) {
    tensor.fill(i, row);
    quantiseRow(tensor.format, row, view, at + i * rowBytes);
  }
}

/** Bytes of a tensor in the file, without padding. */
export function tensorBytes(tensor: WrittenTensor): number {
  const { elements, bytes } = BLOCK_FORMATS[tensor.format];
  return (tensor.shape.reduce((product, length) => product * length, 1) / elements) * bytes;
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** A buffer that grows with each write. */
class ByteList {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.number('u64', bytes.length);
    this.bytes(bytes);
  }

  value(written: WrittenValue): void {
    switch (written.type) {
      case 'string':
        this.number('u32', TYPES.indexOf('string'));
        return this.string(written.value);
      case 'strings':
        this.#array('string', written.value.length);
        return written.value.forEach((text) => this.string(text));
      case 'f32s':
      case 'i32s':
      case 'u32s': {
        const type = written.type.slice(0, -1);
        this.#array(type, written.value.length);
        return written.value.forEach((value) => this.number(type, value));
      }
      default:
        this.number('u32', TYPES.indexOf(written.type));
        this.number(written.type, Number(written.value));
    }
  }

  number(type: string, value: number): void {
    const bytes = type === 'bool' ? 1 : Number(type.slice(1)) / 8;
    const at = this.#grow(bytes);
    const view = this.#view;
    if (type === 'f32') view.setFloat32(at, value, true);
    else if (type === 'f64') view.setFloat64(at, value, true);
    else if (bytes === 8) view.setBigInt64(at, BigInt(value), true);
    else if (bytes === 4) view.setInt32(at, value, true);
    else if (bytes === 2) view.setInt16(at, value, true);
    else view.setInt8(at, value);
  }

  copyTo(file: Uint8Array): void {
    file.set(this.#bytes.subarray(0, this.length));
  }

  #array(elementType: string, length: number): void {
    this.number('u32', TYPES.indexOf('array'));
    this.number('u32', TYPES.indexOf(elementType));
    this.number('u64', length);
  }

  #grow(by: number): number {
    const at = this.length;
    this.length += by;
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}
