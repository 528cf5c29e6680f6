import { EngineError, type LoadProgress } from '../../contract.ts';
import { BLOCK_FORMATS } from '../../gguf/block_formats.ts';
import type { TensorFile } from '../../gguf/header.ts';
import { ReadAhead } from '../../gguf/read_ahead.ts';
import { halfToFloat, repackRows } from '../../gguf/repack.ts';
import type { TensorInfo } from '../../gguf/tensor_table.ts';
import type { KernelContext } from '../kernels/context.ts';
import { type Matrix, writeRows } from '../kernels/matrix.ts';

/** Bytes of a tensor that are read, repacked and uploaded at a time. The heap holds such a chunk and its repacked copy. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Maximum length of a norm, a bias or a table of frequencies. */
const MAX_VECTOR = 1 << 20;

/** Where one tensor goes on the GPU: into a matrix, or as f32 into a buffer. */
export type Placement = MatrixPlacement | VectorPlacement;

interface MatrixPlacement {
  readonly tensor: TensorInfo;
  readonly matrix: Matrix;
  readonly section: number;
  /** Row of the section where the tensor begins. */
  readonly firstRow: number;
}

interface VectorPlacement {
  readonly tensor: TensorInfo;
  readonly buffer: GPUBuffer;
  /** In floats. */
  readonly offset: number;
}

/** The tensor with this name, which must be `columns` × `rows` (a vector has one row). */
export function tensor(file: TensorFile, name: string, columns: number, rows = 1): TensorInfo {
  const found = file.tensors.get(name);
  if (!found) {
    throw new EngineError(
      'bad-file',
      `${file.source.name} lacks the tensor “${name}”; please download it again.`,
    );
  }
  const [width = 1, height = 1, ...more] = found.shape;
  if (width !== columns || height !== rows || more.some((n) => n !== 1)) {
    throw new EngineError(
      'bad-file',
      `${file.source.name} has the tensor “${name}” as ${found.shape.join(' × ')} where ${columns} × ${rows} is needed; please choose another file.`,
    );
  }
  return found;
}

/** A vector; its format must have no blocks, and its length must be sensible. */
export function vector(file: TensorFile, name: string, length: number): TensorInfo {
  const info = tensor(file, name, length);
  if (BLOCK_FORMATS[info.format].elements > 1 || length > MAX_VECTOR) {
    throw new EngineError(
      'unsupported-format',
      `${file.source.name} holds the vector “${name}” (${length} numbers) in ${info.format}; vectors are read in F32, F16 and BF16, so please choose another file.`,
    );
  }
  return info;
}

/** The numbers of a `vector` as f32. */
export function toFloats(info: TensorInfo, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const { buffer } = bytes.slice();
  if (info.format === 'F32') return new Float32Array(buffer);
  const words = new Uint16Array(buffer);
  if (info.format === 'F16') return Float32Array.from(words, halfToFloat);
  return new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
}

/**
 * Streams tensors to the GPU in the order of the file, one chunk of rows at a time; it reads no byte twice.
 * @throws EngineError `aborted`, and whatever reading the source throws
 */
export async function upload(
  { device, waiting }: Pick<KernelContext, 'device' | 'waiting'>,
  file: TensorFile,
  placements: readonly Placement[],
  options: { signal?: AbortSignal | undefined; onProgress?: ((progress: LoadProgress) => void) | undefined },
): Promise<void> {
  const inOrder = [...placements].sort((a, b) => a.tensor.offset - b.tensor.offset);
  const totalBytes = inOrder.reduce((sum, { tensor: info }) => sum + info.byteLength, 0);
  const last = inOrder.at(-1)!.tensor;
  const reader = new ReadAhead(file.source, last.offset + last.byteLength, CHUNK_BYTES, options.signal);
  let loadedBytes = 0;
  const advance = (bytes: number) => {
    loadedBytes += bytes;
    options.onProgress?.({ stage: 'weights', loadedBytes, totalBytes });
  };
  let unsettled = 0;
  for (const placement of inOrder) {
    const { tensor: info } = placement;
    if ('buffer' in placement) {
      const floats = toFloats(info, await reader.read(info.offset, info.byteLength));
      device.queue.writeBuffer(placement.buffer, placement.offset * 4, floats);
      advance(info.byteLength);
      continue;
    }
    const { matrix, section, firstRow } = placement;
    const rows = info.shape[1] ?? 1;
    const rowBytes = info.byteLength / rows;
    // A multiple of eight rows, so that every chunk begins at a whole word of each stream.
    const chunk = Math.max(8, Math.floor(CHUNK_BYTES / rowBytes / 8) * 8);
    for (let row = 0; row < rows; row += chunk) {
      const count = Math.min(chunk, rows - row);
      const bytes = await reader.read(info.offset + row * rowBytes, count * rowBytes);
      writeRows(
        device,
        matrix,
        section,
        firstRow + row,
        repackRows(info.format, bytes, count, matrix.columns),
      );
      advance(bytes.byteLength);
      unsettled += bytes.byteLength;
      if (unsettled < CHUNK_BYTES) continue;
      // The browser stages uploads; an occasional wait bounds the bytes in flight.
      await waiting(device.queue.onSubmittedWorkDone());
      unsettled = 0;
    }
  }
}
