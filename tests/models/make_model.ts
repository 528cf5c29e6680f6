import type { BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import type { ModelShape } from '../../src/engines/webgpu/model/planned_tensors.ts';
import { fillBell, streamOf, uniform } from './counter_rng.ts';
import { type WrittenTensor, type WrittenValue, writeGguf } from './gguf_writer.ts';
import { bytePairVocabulary, sentencepieceVocabulary } from './small_vocabulary.ts';

/** A random-weight model: the same spec gives the same bytes everywhere. */
export interface ModelSpec extends Omit<ModelShape, 'headLength'> {
  readonly seed: number;
  /** Format of all matrices. Norms, biases, learned positions and rope factors are F32, as in published files. */
  readonly format: BlockFormat;
  /** Formats of single matrices by their name after `blk.N.`, e.g. `{ 'attn_v.weight': 'Q6_K' }`. */
  readonly formats?: Readonly<Record<string, BlockFormat>>;
  /** Default: embeddingLength / heads. If given, it is written as key_length and value_length. */
  readonly headLength?: number;
  /** Default 10000. */
  readonly ropeBase?: number;
  /** Adds `rope_freqs.weight`, the per-frequency factors of Llama 3. */
  readonly ropeFactors?: boolean;
  /** Default 3. */
  readonly version?: 2 | 3;
}

/** @returns the bytes of a whole GGUF file */
export function makeModel(spec: ModelSpec): Uint8Array<ArrayBuffer> {
  return writeGguf(spec.version ?? 3, metadataOf(spec), tensorsOf(spec));
}

/** The metadata that `makeModel` writes. */
export function metadataOf(spec: ModelSpec): Map<string, WrittenValue> {
  const { architecture: arch } = spec;
  const u32 = (value: number): WrittenValue => ({ type: 'u32', value });
  const metadata = new Map<string, WrittenValue>([
    ['general.architecture', { type: 'string', value: arch }],
    ['general.name', { type: 'string', value: `random ${arch} ${spec.format}, seed ${spec.seed}` }],
    [`${arch}.context_length`, u32(spec.contextLength)],
    [`${arch}.embedding_length`, u32(spec.embeddingLength)],
    [`${arch}.block_count`, u32(spec.layers)],
    [`${arch}.feed_forward_length`, u32(spec.feedForwardLength)],
    [`${arch}.attention.head_count`, u32(spec.heads)],
  ]);
  if (arch === 'gpt2') {
    metadata.set('gpt2.attention.layer_norm_epsilon', { type: 'f32', value: 1e-5 });
  } else {
    metadata.set(`${arch}.attention.head_count_kv`, u32(spec.kvHeads));
    metadata.set(`${arch}.attention.layer_norm_rms_epsilon`, { type: 'f32', value: 1e-5 });
    metadata.set(`${arch}.rope.freq_base`, { type: 'f32', value: spec.ropeBase ?? 10000 });
    if (spec.headLength !== undefined) {
      metadata.set(`${arch}.attention.key_length`, u32(spec.headLength));
      metadata.set(`${arch}.attention.value_length`, u32(spec.headLength));
    }
    // If the key is missing, as in published qwen files, llama.cpp rotates whole heads.
    if (arch === 'llama') metadata.set('llama.rope.dimension_count', u32(headLengthOf(spec)));
  }
  const vocabulary =
    arch === 'llama'
      ? sentencepieceVocabulary(spec.vocabularySize)
      : bytePairVocabulary(spec.vocabularySize, arch === 'gpt2' ? 'gpt-2' : 'qwen2');
  for (const [key, value] of vocabulary) metadata.set(key, value);
  return metadata;
}

/**
 * Matrices have a deviation of gain / √columns, so that activations keep their size from layer to layer. The gains
 * make attention uneven and give logits a deviation of about 1.5. Flatter logits would hide errors; sharper ones
 * would amplify the noise of llama.cpp's own 8-bit activations.
 */
export function tensorsOf(spec: ModelSpec): WrittenTensor[] {
  const {
    embeddingLength: width,
    feedForwardLength: hidden,
    vocabularySize: vocabulary,
    architecture: arch,
  } = spec;
  const head = headLengthOf(spec);
  const tensors: WrittenTensor[] = [];

  const matrix = (name: string, columns: number, rows: number, gain: number): void => {
    const format = spec.formats?.[name.replace(/^blk\.\d+\./, '')] ?? spec.format;
    tensors.push(random(spec.seed, name, [columns, rows], format, 0, gain / Math.sqrt(columns)));
  };
  const vector = (name: string, length: number, mean: number, deviation: number): void => {
    tensors.push(random(spec.seed, name, [length], 'F32', mean, deviation));
  };
  const norm = (name: string, length = width): void => {
    vector(`${name}.weight`, length, 1, 0.2);
    if (arch === 'gpt2') vector(`${name}.bias`, length, 0, 0.2);
  };

  matrix('token_embd.weight', width, vocabulary, 1.5);
  if (arch === 'gpt2') {
    tensors.push(random(spec.seed, 'position_embd.weight', [width, spec.contextLength], 'F32', 0, 0.2));
  }
  norm('output_norm');
  if (!spec.tied) matrix('output.weight', width, vocabulary, 1.5);
  if (spec.ropeFactors) tensors.push(ropeFactors(spec));

  for (let layer = 0; layer < spec.layers; layer++) {
    const block = `blk.${layer}`;
    norm(`${block}.attn_norm`);
    if (arch === 'gpt2') {
      matrix(`${block}.attn_qkv.weight`, width, 3 * width, 1.2);
      vector(`${block}.attn_qkv.bias`, 3 * width, 0, 0.3);
    } else {
      matrix(`${block}.attn_q.weight`, width, spec.heads * head, 1.2);
      matrix(`${block}.attn_k.weight`, width, spec.kvHeads * head, 1.2);
      matrix(`${block}.attn_v.weight`, width, spec.kvHeads * head, 1.2);
    }
    if (arch === 'qwen2') {
      vector(`${block}.attn_q.bias`, spec.heads * head, 0, 0.5);
      vector(`${block}.attn_k.bias`, spec.kvHeads * head, 0, 0.5);
      vector(`${block}.attn_v.bias`, spec.kvHeads * head, 0, 0.5);
    }
    if (arch === 'qwen3') {
      norm(`${block}.attn_q_norm`, head);
      norm(`${block}.attn_k_norm`, head);
    }
    matrix(`${block}.attn_output.weight`, spec.heads * head, width, 1);
    if (arch === 'gpt2') vector(`${block}.attn_output.bias`, width, 0, 0.2);

    norm(`${block}.ffn_norm`);
    if (arch !== 'gpt2') matrix(`${block}.ffn_gate.weight`, width, hidden, 1.2);
    matrix(`${block}.ffn_up.weight`, width, hidden, 1.2);
    if (arch === 'gpt2') vector(`${block}.ffn_up.bias`, hidden, 0, 0.3);
    matrix(`${block}.ffn_down.weight`, hidden, width, 1);
    if (arch === 'gpt2') vector(`${block}.ffn_down.bias`, width, 0, 0.2);
  }
  return tensors;
}

function random(
  seed: number,
  name: string,
  shape: readonly number[],
  format: BlockFormat,
  mean: number,
  deviation: number,
): WrittenTensor {
  const stream = streamOf(name);
  return {
    name,
    shape,
    format,
    fill: (row, out) => {
      fillBell(out, seed, stream, row * shape[0]!, deviation);
      if (mean !== 0) for (let i = 0; i < out.length; i++) out[i]! += mean;
    },
  };
}

/** One factor per pair of a head: 1 for the fast half, up to 8 for the slow one, as in Llama 3.1's scaling. */
function ropeFactors(spec: ModelSpec): WrittenTensor {
  const pairs = headLengthOf(spec) / 2;
  return {
    name: 'rope_freqs.weight',
    shape: [pairs],
    format: 'F32',
    fill: (_row, out) => {
      for (let i = 0; i < pairs; i++) out[i] = i < pairs / 2 ? 1 : 1 + 7 * uniform(spec.seed, 1, i);
    },
  };
}

function headLengthOf(spec: ModelSpec): number {
  return spec.headLength ?? spec.embeddingLength / spec.heads;
}
