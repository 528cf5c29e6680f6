import { EngineError, type LoadProgress } from '../../contract.ts';
import type { TensorFile } from '../../gguf/header.ts';
import type { TensorInfo } from '../../gguf/tensor_table.ts';
import { type KernelContext, paddedWidth } from '../kernels/context.ts';
import { canBeSection, createMatrix, type Matrix } from '../kernels/matrix.ts';
import type { NormWeights } from '../kernels/norm.ts';
import { type ModelConfig, ropeAngles } from './config.ts';
import { type Placement, tensor, toFloats, upload, vector } from './tensors.ts';

/** A matrix whose result begins at `offset` of its output row. Several share one output if their formats differ. */
export interface Slice {
  readonly matrix: Matrix;
  readonly offset: number;
}

/** Shapes as [rows, columns]; q = heads · headDim, kv = kvHeads · headDim. */
export interface LayerWeights {
  readonly attentionNorm: NormWeights;
  /** [q + 2 kv, width], one slice per run of equal formats. */
  readonly qkv: readonly Slice[];
  readonly qkvBias: GPUBuffer | null;
  /** [2][headDim] */
  readonly qkNorm: GPUBuffer | null;
  /** [width, q] */
  readonly output: Matrix;
  readonly outputBias: GPUBuffer | null;
  readonly feedForwardNorm: NormWeights;
  /** One matrix with two sections (gate and up), or two matrices (gate, up), or up alone. */
  readonly up: readonly Matrix[];
  readonly upBias: GPUBuffer | null;
  /** [width, feedForward] */
  readonly down: Matrix;
  readonly downBias: GPUBuffer | null;
}

export interface Weights {
  /** [vocabulary, width] */
  readonly embedding: Matrix;
  /** [positions, width] for GPT-2; null with rope. */
  readonly positions: Matrix | null;
  readonly layers: readonly LayerWeights[];
  readonly outputNorm: NormWeights;
  /** [vocabulary, width]; the embedding itself if the file has no separate head. */
  readonly head: Matrix;
  /** [context][rotary / 2] of (cos, sin); null without rope. */
  readonly angles: GPUBuffer | null;
}

/** Creates every buffer for the weights, and lists which tensor is copied where. */
export class WeightLoader {
  readonly #context: KernelContext;
  readonly #file: TensorFile;
  readonly #config: ModelConfig;
  readonly #placements: Placement[] = [];
  readonly #signal: AbortSignal | undefined;

  constructor(context: KernelContext, file: TensorFile, config: ModelConfig, signal?: AbortSignal) {
    this.#context = context;
    this.#file = file;
    this.#config = config;
    this.#signal = signal;
  }

  /** Creates the buffers. @param contextLength positions that the rope table covers */
  async allocate(contextLength: number): Promise<Weights> {
    const { architecture, vocabularySize, width, layers: count, trainedContext } = this.#config;
    const embedding = this.#matrix('token_embd.weight', vocabularySize, width);
    const separate = this.#file.tensors.has('output.weight');
    const layers: LayerWeights[] = [];
    for (let i = 0; i < count; i++) layers.push(this.#layer(`blk.${i}.`));
    return {
      embedding,
      positions:
        architecture.rope === 'none' ? this.#matrix('position_embd.weight', trainedContext, width) : null,
      layers,
      outputNorm: this.#norm('output_norm', width),
      head: separate ? this.#matrix('output.weight', vocabularySize, width) : embedding,
      angles: architecture.rope === 'none' ? null : await this.#angles(contextLength),
    };
  }

  /** Streams the matrices of `allocate` to the GPU. */
  fill(onProgress?: (progress: LoadProgress) => void): Promise<void> {
    return upload(this.#context, this.#file, this.#placements, { signal: this.#signal, onProgress });
  }

  #layer(prefix: string): LayerWeights {
    const { architecture, width, heads, kvHeads, headDim, feedForward } = this.#config;
    const q = heads * headDim;
    const kv = kvHeads * headDim;
    return {
      attentionNorm: this.#norm(`${prefix}attn_norm`, width),
      qkv: this.#qkv(prefix, q, kv),
      qkvBias: this.#qkvBias(prefix, q, kv),
      qkNorm: architecture.qkNorm
        ? this.#vectors([`${prefix}attn_q_norm.weight`, `${prefix}attn_k_norm.weight`], [headDim, headDim])
        : null,
      output: this.#matrix(`${prefix}attn_output.weight`, width, q),
      outputBias: this.#bias(`${prefix}attn_output.bias`, width),
      feedForwardNorm: this.#norm(`${prefix}ffn_norm`, width),
      up: this.#up(prefix),
      upBias: this.#upBias(prefix),
      down: this.#matrix(`${prefix}ffn_down.weight`, width, feedForward),
      downBias: this.#bias(`${prefix}ffn_down.bias`, width),
    };
  }

  #matrix(name: string, rows: number, columns: number): Matrix {
    const info = tensor(this.#file, name, columns, rows);
    const matrix = createMatrix(this.#context, { label: name, format: info.format, rows, columns });
    this.#placements.push({ tensor: info, matrix, section: 0, firstRow: 0 });
    return matrix;
  }

  /** Stacks tensors of one format by rows. */
  #stack(label: string, infos: readonly TensorInfo[]): Matrix {
    const rowsOf = (info: TensorInfo) => info.shape[1] ?? 1;
    const [first] = infos as readonly [TensorInfo, ...TensorInfo[]];
    const rows = infos.reduce((sum, info) => sum + rowsOf(info), 0);
    const matrix = createMatrix(this.#context, {
      label,
      format: first.format,
      rows,
      columns: first.shape[0]!,
    });
    let firstRow = 0;
    for (const info of infos) {
      this.#placements.push({ tensor: info, matrix, section: 0, firstRow });
      firstRow += rowsOf(info);
    }
    return matrix;
  }

  #qkv(prefix: string, q: number, kv: number): Slice[] {
    const { width } = this.#config;
    if (this.#file.tensors.has(`${prefix}attn_qkv.weight`)) {
      return [{ matrix: this.#matrix(`${prefix}attn_qkv.weight`, q + 2 * kv, width), offset: 0 }];
    }
    const slices: Slice[] = [];
    let offset = 0;
    let run: TensorInfo[] = [];
    const finish = () => {
      if (run.length === 0) return;
      const matrix = this.#stack(run.map((info) => info.name).join(' + '), run);
      slices.push({ matrix, offset });
      offset += matrix.rows;
      run = [];
    };
    for (const [name, rows] of [
      ['q', q],
      ['k', kv],
      ['v', kv],
    ] as const) {
      const info = tensor(this.#file, `${prefix}attn_${name}.weight`, width, rows);
      const last = run.at(-1);
      if (last && (last.format !== info.format || !canBeSection(info.format, rows, width))) finish();
      run.push(info);
    }
    finish();
    return slices;
  }

  #up(prefix: string): Matrix[] {
    const { architecture, width, feedForward } = this.#config;
    const up = tensor(this.#file, `${prefix}ffn_up.weight`, width, feedForward);
    if (architecture.activation !== 'swiglu') return [this.#matrix(up.name, feedForward, width)];
    const gate = tensor(this.#file, `${prefix}ffn_gate.weight`, width, feedForward);
    if (gate.format !== up.format || !canBeSection(up.format, feedForward, width)) {
      return [gate, up].map((info) => this.#matrix(info.name, feedForward, width));
    }
    const matrix = createMatrix(this.#context, {
      label: `${gate.name} + ${up.name}`,
      format: up.format,
      rows: 2 * feedForward,
      columns: width,
      sections: 2,
    });
    [gate, up].forEach((info, section) => {
      this.#placements.push({ tensor: info, matrix, section, firstRow: 0 });
    });
    return [matrix];
  }

  #norm(name: string, width: number): NormWeights {
    return {
      weight: this.#vectors([`${name}.weight`], [width]),
      bias: this.#config.architecture.norm === 'layer' ? this.#vectors([`${name}.bias`], [width]) : null,
    };
  }

  #bias(name: string, length: number): GPUBuffer | null {
    return this.#file.tensors.has(name) ? this.#vectors([name], [length]) : null;
  }

  /** Bias of a plain projection. A gated one would need its biases in pairs, like its rows; no published file has them. */
  #upBias(prefix: string): GPUBuffer | null {
    const names = [`${prefix}ffn_up.bias`, `${prefix}ffn_gate.bias`] as const;
    const gated = this.#config.architecture.activation === 'swiglu';
    const found = gated ? names.find((name) => this.#file.tensors.has(name)) : undefined;
    if (found) {
      throw new EngineError(
        'unsupported-architecture',
        `${this.#file.source.name} has the tensor “${found}”, and this engine runs gated feed-forward layers without biases only; please choose a model without them.`,
      );
    }
    return this.#bias(names[0], this.#config.feedForward);
  }

  #qkvBias(prefix: string, q: number, kv: number): GPUBuffer | null {
    if (this.#file.tensors.has(`${prefix}attn_qkv.bias`))
      return this.#bias(`${prefix}attn_qkv.bias`, q + 2 * kv);
    if (!this.#file.tensors.has(`${prefix}attn_q.bias`)) return null;
    return this.#vectors(
      [`${prefix}attn_q.bias`, `${prefix}attn_k.bias`, `${prefix}attn_v.bias`],
      [q, kv, kv],
    );
  }

  /** Puts vectors one after the other in one buffer, padded with zeros to a whole block. */
  #vectors(names: readonly string[], lengths: readonly number[]): GPUBuffer {
    const length = lengths.reduce((sum, n) => sum + n, 0);
    const buffer = this.#context.buffers.storage(`weights:${names[0]}`, paddedWidth(length) * 4);
    let offset = 0;
    for (const [i, name] of names.entries()) {
      this.#placements.push({ tensor: vector(this.#file, name, lengths[i]!), buffer, offset });
      offset += lengths[i]!;
    }
    return buffer;
  }

  async #angles(contextLength: number): Promise<GPUBuffer> {
    const name = 'rope_freqs.weight';
    const half = this.#config.rotary / 2;
    let factors: Float32Array | null = null;
    if (this.#file.tensors.has(name)) {
      const info = vector(this.#file, name, half);
      factors = toFloats(info, await this.#file.source.read(info.offset, info.byteLength, this.#signal));
    }
    return this.#context.buffers.floats(
      'scratch:rope angles',
      ropeAngles(this.#config, contextLength, factors),
    );
  }
}
