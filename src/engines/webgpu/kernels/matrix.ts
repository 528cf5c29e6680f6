import type { BlockFormat } from '../../gguf/block_formats.ts';
import { type RepackedRows, STREAMS } from '../../gguf/repack.ts';
import { bindGroup, type BindingKind } from '../gpu/pipelines.ts';
import type { KernelContext } from './context.ts';

/**
 * A weight matrix on the GPU, rows × columns; each row is cut into blocks of 32 columns. Its bytes are in up to three streams
 * (see gguf/repack.ts). A matrix whose stream is longer than one binding may be is split by rows into parts.
 *
 * A matrix with several `sections` joins several tensors of equal shape and interleaves their rows: rows 2i and 2i + 1 are row i
 * of the gate and of the up projection. In memory the sections of a part lie one after the other.
 */
export interface Matrix {
  readonly label: string;
  readonly format: BlockFormat;
  readonly rows: number;
  readonly columns: number;
  readonly sections: number;
  /** Blocks of 32 columns in a row. */
  readonly blocks: number;
  readonly parts: readonly MatrixPart[];
  readonly layout: GPUBindGroupLayout;
}

export interface MatrixPart {
  readonly firstRow: number;
  readonly rows: number;
  /** quants, high bits, scales; null if the format has no such stream. */
  readonly streams: readonly (GPUBuffer | null)[];
  readonly group: GPUBindGroup;
}

export interface MatrixShape {
  readonly label: string;
  readonly format: BlockFormat;
  readonly rows: number;
  readonly columns: number;
  readonly sections?: number;
}

/** Each part begins at a multiple of this row, so that a stream of half-words begins at a whole word. */
const ROW_ALIGNMENT = 8;

/** Allocates a matrix; `writeRows` fills it. */
export function createMatrix({ device, buffers, pipelines }: KernelContext, shape: MatrixShape): Matrix {
  const { label, format, rows, columns, sections = 1 } = shape;
  const streams = STREAMS[format];
  const blocks = Math.ceil(columns / 32);
  const kinds: BindingKind[] = streams.map((bytes) => (bytes > 0 ? 'read' : null));
  const layout = pipelines.layout(kinds);
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const bound = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const perPart = Math.floor(bound / (Math.max(...streams) * blocks) / ROW_ALIGNMENT) * ROW_ALIGNMENT;
  const parts: MatrixPart[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += perPart) {
    const count = Math.min(perPart, rows - firstRow);
    const made = streams.map((bytes, i) =>
      bytes > 0
        ? buffers.storage(`weights:${label} ${['quants', 'high bits', 'scales'][i]}`, count * blocks * bytes)
        : null,
    );
    parts.push({ firstRow, rows: count, streams: made, group: bindGroup(device, label, layout, made) });
  }
  return { label, format, rows, columns, sections, blocks, parts, layout };
}

/** Whether tensors of this shape can be sections of one matrix: each section must begin at a whole word in every stream. */
export function canBeSection(format: BlockFormat, rows: number, columns: number): boolean {
  return STREAMS[format].every((bytes) => Number.isInteger((rows * Math.ceil(columns / 32) * bytes) / 4));
}

/**
 * Copies repacked rows into section `section` of the matrix, from that section's row `firstRow` on, across parts.
 * @param firstRow firstRow · blocks per row must be even
 */
export function writeRows(
  device: GPUDevice,
  matrix: Matrix,
  section: number,
  firstRow: number,
  packed: RepackedRows,
): void {
  const widths = STREAMS[matrix.format];
  for (const part of matrix.parts) {
    const partRows = part.rows / matrix.sections;
    const partFirst = part.firstRow / matrix.sections;
    const start = Math.max(firstRow, partFirst);
    const end = Math.min(firstRow + packed.rows, partFirst + partRows);
    if (start >= end) continue;
    part.streams.forEach((buffer, i) => {
      const bytes = packed.streams[i]!;
      if (!buffer) return;
      const perRow = widths[i]! * matrix.blocks;
      const source = (start - firstRow) * perRow;
      const target = (section * partRows + start - partFirst) * perRow;
      const size = Math.min(Math.ceil(((end - start) * perRow) / 4) * 4, bytes.byteLength - source);
      device.queue.writeBuffer(buffer, target, bytes, source, size);
    });
  }
}
