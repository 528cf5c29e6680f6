import { type ByteSource, EngineError } from '../contract.ts';
import { BLOCK_FORMATS, type BlockFormat, blockFormatOf, ggmlTypeName } from './block_formats.ts';
import {
  DEFAULT_ALIGNMENT,
  MAX_ALIGNMENT,
  MAX_TENSOR_DIMENSIONS,
  MAX_TENSOR_ELEMENTS,
  MAX_TENSOR_NAME_BYTES,
} from './header_bounds.ts';
import type { HeaderCursor } from './header_cursor.ts';
import type { Metadata } from './metadata.ts';
import { readText } from './metadata_value.ts';

export interface TensorInfo {
  readonly name: string;
  /** ggml's order, the fastest dimension first: [columns, rows]. */
  readonly shape: readonly number[];
  readonly format: BlockFormat;
  /** Where its bytes begin, from the beginning of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/**
 * Reads the table of tensors that follows the metadata, and computes the place of each tensor in the file.
 * @throws EngineError `bad-file`, `unsupported-format`
 */
export async function readTensorTable(
  cursor: HeaderCursor,
  source: ByteSource,
  count: number,
  metadata: Metadata,
): Promise<ReadonlyMap<string, TensorInfo>> {
  const alignment = readAlignment(metadata, source.name);
  const table = new Map<string, TensorInfo>();
  for (let i = 0; i < count; i++) {
    const tensor = await readTensor(cursor, source.name, `tensor ${i + 1} of ${count}`, alignment);
    if (table.has(tensor.name)) {
      throw new EngineError(
        'bad-file',
        `${source.name}: two tensors are named "${tensor.name}"; the file is damaged.`,
      );
    }
    table.set(tensor.name, tensor);
  }
  const dataOffset = Math.ceil(cursor.offset / alignment) * alignment;
  const placed = new Map<string, TensorInfo>();
  for (const tensor of table.values()) {
    placed.set(tensor.name, { ...tensor, offset: dataOffset + tensor.offset });
  }
  checkPlaces(placed, source);
  return placed;
}

function readAlignment(metadata: Metadata, file: string): number {
  const alignment = metadata.number('general.alignment', DEFAULT_ALIGNMENT);
  const isPowerOfTwo = Number.isInteger(Math.log2(alignment));
  if (isPowerOfTwo && alignment >= 1 && alignment <= MAX_ALIGNMENT) return alignment;
  throw new EngineError(
    'bad-file',
    `${file}: general.alignment is ${alignment}, where a power of two up to ${MAX_ALIGNMENT} is needed; the file is damaged.`,
  );
}

/** Reads one entry of the table; its offset still counts from the beginning of the tensor data. */
async function readTensor(
  cursor: HeaderCursor,
  file: string,
  what: string,
  alignment: number,
): Promise<TensorInfo> {
  const name = await readText(cursor, MAX_TENSOR_NAME_BYTES, file, `the name of ${what}`);
  await cursor.ensure(4, `the shape of "${name}"`);
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > MAX_TENSOR_DIMENSIONS) {
    throw new EngineError(
      'bad-file',
      `${file}: tensor "${name}" has ${dimensions} dimensions, where 1 to ${MAX_TENSOR_DIMENSIONS} are possible; the file is damaged.`,
    );
  }
  await cursor.ensure(8 * dimensions + 12, `the shape of "${name}"`);
  const shape: number[] = [];
  let elements = 1;
  for (let i = 0; i < dimensions; i++) {
    const length = cursor.u64();
    shape.push(length);
    elements *= length;
  }
  // One check of the product finds any dimension that is zero or out of bounds.
  if (elements < 1 || elements > MAX_TENSOR_ELEMENTS) {
    throw new EngineError(
      'bad-file',
      `${file}: tensor "${name}" has the shape [${shape.join(', ')}], which no model has; the file is damaged.`,
    );
  }
  const ggmlType = cursor.u32();
  const offset = cursor.u64();
  if (offset % alignment !== 0) {
    throw new EngineError(
      'bad-file',
      `${file}: tensor "${name}" begins at ${offset}, which is not aligned to ${alignment} bytes; the file is damaged.`,
    );
  }
  const format = blockFormatOf(ggmlType);
  if (!format) {
    throw new EngineError(
      'unsupported-format',
      `${file}: tensor "${name}" is stored as ${ggmlTypeName(ggmlType)}, which cannot be read here; please choose a file in ${Object.keys(BLOCK_FORMATS).join(', ')} (for example a Q4_K_M or Q8_0 one).`,
    );
  }
  const layout = BLOCK_FORMATS[format];
  if (shape[0]! % layout.elements !== 0) {
    throw new EngineError(
      'bad-file',
      `${file}: tensor "${name}" has rows of ${shape[0]} weights, which ${format} cannot cut into blocks of ${layout.elements}; the file is damaged.`,
    );
  }
  return { name, shape, format, offset, byteLength: (elements / layout.elements) * layout.bytes };
}

/** Checks that every tensor is within the file, and that no two overlap. */
function checkPlaces(tensors: ReadonlyMap<string, TensorInfo>, source: ByteSource): void {
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset);
  let previous: TensorInfo | undefined;
  for (const tensor of inOrder) {
    const end = tensor.offset + tensor.byteLength;
    if (end > source.size) {
      throw new EngineError(
        'bad-file',
        `${source.name} is ${source.size} bytes long, but its tensor "${tensor.name}" reaches to byte ${end}; it is incomplete, so please download it again.`,
      );
    }
    if (previous && previous.offset + previous.byteLength > tensor.offset) {
      throw new EngineError(
        'bad-file',
        `${source.name}: the tensors "${previous.name}" and "${tensor.name}" overlap; the file is damaged.`,
      );
    }
    previous = tensor;
  }
}
