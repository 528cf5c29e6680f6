import { BLOCK_FORMATS, type BlockFormat } from '../../gguf/block_formats.ts';
import type { TensorInfo } from '../../gguf/tensor_table.ts';

/** Mixtures of block formats that llama.cpp writes. */
export type FileFormat = 'Q8_0' | 'Q4_K_M';

export interface ModelShape {
  readonly architecture: 'llama' | 'qwen2' | 'qwen3' | 'gpt2';
  readonly vocabularySize: number;
  /** Tokens that the model was trained for. */
  readonly contextLength: number;
  readonly layers: number;
  readonly embeddingLength: number;
  readonly feedForwardLength: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headLength: number;
  /** The file has no `output.weight`: the embedding serves as head. */
  readonly tied: boolean;
}

/**
 * The tensors that llama.cpp writes for a model of this shape, with the block format of each.
 * Source: llama.cpp, src/llama-quant.cpp (which tensors of Q4_K_M are Q6_K, and which format replaces a K-quant if a row is not
 * a multiple of 256).
 */
export function plannedTensors(shape: ModelShape, format: FileFormat): Map<string, TensorInfo> {
  const {
    architecture,
    embeddingLength: width,
    feedForwardLength: hidden,
    vocabularySize,
    layers,
    tied,
  } = shape;
  const q = shape.heads * shape.headLength;
  const kv = shape.kvHeads * shape.headLength;
  const tensors = new Map<string, TensorInfo>();
  const add = (name: string, columns: number, rows: number, wanted: BlockFormat): void => {
    const { elements, bytes } = BLOCK_FORMATS[wanted];
    const byteLength = (columns / elements) * bytes * rows;
    tensors.set(name, { name, shape: [columns, rows], format: wanted, byteLength, offset: 0 });
  };
  const vector = (name: string, length: number): void => add(name, length, 1, 'F32');
  /** @param better true for the tensors that a mixture keeps at more bits */
  const matrix = (name: string, columns: number, rows: number, better = false): void =>
    add(name, columns, rows, fitting(format === 'Q8_0' ? 'Q8_0' : better ? 'Q6_K' : 'Q4_K', columns));

  // The head keeps more bits, and so does an embedding that serves as head.
  matrix('token_embd.weight', width, vocabularySize, tied);
  if (!tied) matrix('output.weight', width, vocabularySize, true);
  vector('output_norm.weight', width);
  const gpt2 = architecture === 'gpt2';
  if (gpt2) add('position_embd.weight', width, shape.contextLength, 'F32');

  for (let i = 0; i < layers; i++) {
    const block = `blk.${i}.`;
    const better = moreBits(i, layers);
    vector(`${block}attn_norm.weight`, width);
    vector(`${block}ffn_norm.weight`, width);
    if (gpt2) {
      matrix(`${block}attn_qkv.weight`, width, q + 2 * kv, better);
      for (const [name, length] of [
        ['attn_norm', width],
        ['ffn_norm', width],
        ['attn_qkv', q + 2 * kv],
        ['attn_output', width],
        ['ffn_up', hidden],
        ['ffn_down', width],
      ] as const) {
        vector(`${block}${name}.bias`, length);
      }
    } else {
      matrix(`${block}attn_q.weight`, width, q);
      matrix(`${block}attn_k.weight`, width, kv);
      matrix(`${block}attn_v.weight`, width, kv, better);
      matrix(`${block}ffn_gate.weight`, width, hidden);
    }
    if (architecture === 'qwen2') {
      vector(`${block}attn_q.bias`, q);
      vector(`${block}attn_k.bias`, kv);
      vector(`${block}attn_v.bias`, kv);
    }
    if (architecture === 'qwen3') {
      vector(`${block}attn_q_norm.weight`, shape.headLength);
      vector(`${block}attn_k_norm.weight`, shape.headLength);
    }
    matrix(`${block}attn_output.weight`, q, width);
    matrix(`${block}ffn_up.weight`, width, hidden);
    matrix(`${block}ffn_down.weight`, hidden, width, better);
  }
  return tensors;
}

/** Layers whose value and down projections get more bits: the first and the last eighth, and every third in between. */
function moreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
}

/** K-quants have blocks of 256 columns; if a row is not a multiple of that, llama.cpp uses a format that fits. */
function fitting(wanted: BlockFormat, columns: number): BlockFormat {
  if (columns % BLOCK_FORMATS[wanted].elements === 0) return wanted;
  return wanted === 'Q6_K' ? 'Q8_0' : 'Q5_0';
}
