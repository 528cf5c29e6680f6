/**
 * The forward pass of all four architectures in plain f64 loops: the oracle of the tests. It keeps
 * no cache, batches nothing, and reads from top to bottom like the papers (Vaswani et al. 2017; Touvron et al. 2023;
 * Su et al. 2021 for rotary; Radford et al. 2019 for GPT-2). Matrices are row-major [rows][columns].
 */
import type { GgufFile } from '../../src/engines/gguf/header.ts';
import { dequantise } from '../../src/engines/webgpu/selftest/plain_blocks.ts';

export interface PlainModel {
  readonly architecture: 'llama' | 'qwen2' | 'qwen3' | 'gpt2';
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headLength: number;
  readonly ropeDimensions: number;
  readonly ropeBase: number;
  readonly epsilon: number;
  /** Every tensor of the file by its name. */
  readonly weights: ReadonlyMap<string, Float64Array>;
}

/** Reads the whole model into memory as f64: for small models. */
export async function readPlainModel(file: GgufFile): Promise<PlainModel> {
  const { metadata } = file;
  const architecture = metadata.string('general.architecture') as PlainModel['architecture'];
  if (!['llama', 'qwen2', 'qwen3', 'gpt2'].includes(architecture))
    throw new Error(`no plain loops for ${architecture}`);
  const number = (key: string, fallback?: number) => metadata.number(`${architecture}.${key}`, fallback);

  const weights = new Map<string, Float64Array>();
  for (const tensor of file.tensors.values()) {
    weights.set(
      tensor.name,
      dequantise(tensor.format, await file.source.read(tensor.offset, tensor.byteLength)),
    );
  }
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headLength = number('attention.key_length', width / heads);
  return {
    architecture,
    vocabulary: file.tensors.get('token_embd.weight')!.shape[1]!,
    width,
    layers: number('block_count'),
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headLength,
    ropeDimensions: number('rope.dimension_count', headLength),
    ropeBase: number('rope.freq_base', 10000),
    epsilon:
      architecture === 'gpt2'
        ? number('attention.layer_norm_epsilon')
        : number('attention.layer_norm_rms_epsilon'),
    weights,
  };
}

/**
 * @param tokens ids, the first at position 0
 * @returns raw logits [vocabulary] at each position
 */
export function plainForward(model: PlainModel, tokens: readonly number[]): Float64Array[] {
  const { width, weights } = model;
  const gpt2 = model.architecture === 'gpt2';
  const embedding = weight(model, 'token_embd.weight');

  // x[t]: the residual stream at position t
  const x = tokens.map((token) => embedding.slice(token * width, (token + 1) * width));
  if (gpt2) {
    const position = weight(model, 'position_embd.weight');
    x.forEach((row, t) => row.forEach((_, i) => (row[i]! += position[t * width + i]!)));
  }

  for (let layer = 0; layer < model.layers; layer++) {
    const block = `blk.${layer}`;

    const normed = x.map((row) => normalise(model, row, `${block}.attn_norm`));
    const mixed = attention(model, normed, block);
    x.forEach((row, t) => add(row, linear(model, mixed[t]!, `${block}.attn_output`)));

    for (const row of x) {
      const h = normalise(model, row, `${block}.ffn_norm`);
      const up = linear(model, h, `${block}.ffn_up`);
      const hidden = gpt2
        ? up.map(gelu)
        : linear(model, h, `${block}.ffn_gate`).map((gate, i) => (gate / (1 + Math.exp(-gate))) * up[i]!);
      add(row, linear(model, hidden, `${block}.ffn_down`));
    }
  }

  const head = weights.get('output.weight') ?? embedding;
  return x.map((row) => multiply(head, normalise(model, row, 'output_norm'), model.vocabulary));
}

/** Causal attention of every position over itself and those before. @returns [heads × headLength] for each position */
function attention(model: PlainModel, x: readonly Float64Array[], block: string): Float64Array[] {
  const { heads, kvHeads, headLength } = model;
  const queries: Float64Array[] = [];
  const keys: Float64Array[] = [];
  const values: Float64Array[] = [];
  x.forEach((row, position) => {
    const [q, k, v] = project(model, row, block);
    if (model.architecture === 'qwen3') {
      normaliseHeads(model, q, `${block}.attn_q_norm.weight`);
      normaliseHeads(model, k, `${block}.attn_k_norm.weight`);
    }
    if (model.architecture !== 'gpt2') {
      rotate(model, q, position);
      rotate(model, k, position);
    }
    queries.push(q);
    keys.push(k);
    values.push(v);
  });

  return queries.map((q, position) => {
    const out = new Float64Array(heads * headLength);
    for (let h = 0; h < heads; h++) {
      // Query heads share the keys and values of their group.
      const kv = Math.floor(h / (heads / kvHeads)) * headLength;
      const scores = new Float64Array(position + 1);
      for (let s = 0; s <= position; s++) {
        for (let i = 0; i < headLength; i++) scores[s]! += q[h * headLength + i]! * keys[s]![kv + i]!;
        scores[s]! /= Math.sqrt(headLength);
      }
      const largest = Math.max(...scores);
      const exps = scores.map((score) => Math.exp(score - largest));
      const sum = exps.reduce((a, b) => a + b, 0);
      for (let s = 0; s <= position; s++) {
        for (let i = 0; i < headLength; i++) {
          out[h * headLength + i]! += (exps[s]! / sum) * values[s]![kv + i]!;
        }
      }
    }
    return out;
  });
}

function project(
  model: PlainModel,
  x: Float64Array,
  block: string,
): [Float64Array, Float64Array, Float64Array] {
  if (model.architecture !== 'gpt2') {
    return [
      linear(model, x, `${block}.attn_q`),
      linear(model, x, `${block}.attn_k`),
      linear(model, x, `${block}.attn_v`),
    ];
  }
  const qkv = linear(model, x, `${block}.attn_qkv`);
  const { width } = model;
  return [qkv.slice(0, width), qkv.slice(width, 2 * width), qkv.slice(2 * width)];
}

/** Rotary embedding, in place: llama turns neighbours (2i, 2i + 1), qwen turns (i, i + half). The rest of a head stays. */
function rotate(model: PlainModel, x: Float64Array, position: number): void {
  const { headLength, ropeDimensions } = model;
  const pairs = ropeDimensions / 2;
  const factors = model.weights.get('rope_freqs.weight');
  for (let start = 0; start < x.length; start += headLength) {
    for (let i = 0; i < pairs; i++) {
      const angle = (position * model.ropeBase ** (-i / pairs)) / (factors?.[i] ?? 1);
      const a = start + (model.architecture === 'llama' ? 2 * i : i);
      const b = model.architecture === 'llama' ? a + 1 : a + pairs;
      const [xa, xb] = [x[a]!, x[b]!];
      x[a] = xa * Math.cos(angle) - xb * Math.sin(angle);
      x[b] = xa * Math.sin(angle) + xb * Math.cos(angle);
    }
  }
}

/** LayerNorm for gpt2, RMSNorm for the others. */
function normalise(model: PlainModel, x: Float64Array, name: string): Float64Array {
  const scale = weight(model, `${name}.weight`);
  if (model.architecture !== 'gpt2') return rmsNorm(x, scale, model.epsilon);
  const bias = weight(model, `${name}.bias`);
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + model.epsilon)) * scale[i]! + bias[i]!);
}

function rmsNorm(x: Float64Array, scale: Float64Array, epsilon: number): Float64Array {
  const meanSquare = x.reduce((a, b) => a + b * b, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * scale[i]!);
}

/** qwen3: RMSNorm of each head, in place. */
function normaliseHeads(model: PlainModel, x: Float64Array, name: string): void {
  const scale = weight(model, name);
  for (let start = 0; start < x.length; start += model.headLength) {
    x.set(rmsNorm(x.slice(start, start + model.headLength), scale, model.epsilon), start);
  }
}

/** W x, plus the bias if the model has one. */
function linear(model: PlainModel, x: Float64Array, name: string): Float64Array {
  const matrix = weight(model, `${name}.weight`);
  const out = multiply(matrix, x, matrix.length / x.length);
  const bias = model.weights.get(`${name}.bias`);
  if (bias) add(out, bias);
  return out;
}

function multiply(matrix: Float64Array, x: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += matrix[row * x.length + i]! * x[i]!;
    out[row] = sum;
  }
  return out;
}

function add(x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += y[i]!;
}

/** The tanh form that GPT-2 was trained with (Hendrycks and Gimpel 2016). */
function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

function weight(model: PlainModel, name: string): Float64Array {
  const found = model.weights.get(name);
  if (!found) throw new Error(`the model has no tensor ${name}`);
  return found;
}
