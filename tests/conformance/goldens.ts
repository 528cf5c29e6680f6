import { readFileSync, readdirSync } from 'node:fs';
import type { BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import type { ModelSpec } from '../models/make_model.ts';

/** llama.cpp's results for one random model, made by tests/reference/make_goldens.ts. */
export interface Golden {
  readonly name: string;
  readonly spec: ModelSpec;
  /** Hash of `makeModel(spec)`. If it differs, the maker has changed and the goldens must be made again. */
  readonly sha256: string;
  readonly tokens: readonly number[];
  /** Raw logits [vocabulary] after the token at each of these positions. */
  readonly logits: Readonly<Record<string, readonly number[]>>;
}

/** llama.cpp's tokens for texts with the vocabulary of a random model, without BOS. */
export interface TokenizerGolden {
  readonly spec: ModelSpec;
  readonly cases: readonly {
    readonly text: string;
    readonly plain: readonly number[];
    /** With special tokens parsed in the text. */
    readonly special: readonly number[];
  }[];
}

/** llama.cpp's results for the model that comes with the page, made by tests/reference/make_embedded_golden.ts. */
export interface EmbeddedGolden {
  /** Hash of the file. If it differs, the model has changed and the golden must be made again. */
  readonly sha256: string;
  readonly cases: readonly {
    readonly text: string;
    /** With BOS. */
    readonly tokens: readonly number[];
    readonly logits: Golden['logits'];
  }[];
}

const FOLDER = new URL('./golden/', import.meta.url);

/** Every golden model, sorted by name. */
export function goldens(): Golden[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && !file.startsWith('tokenizer-'))
    .sort()
    .map((file) => read(file) as Golden);
}

export function tokenizerGolden(architecture: 'llama' | 'qwen2' | 'gpt2'): TokenizerGolden {
  return read(`tokenizer-${architecture}.json`) as TokenizerGolden;
}

export function embeddedGolden(): EmbeddedGolden {
  return read('../../../static/conformance/llama_cpp.json') as EmbeddedGolden;
}

/**
 * The largest KL divergence from llama.cpp that a model in this format may have. llama.cpp quantises activations to 8
 * bits if the weights are block-quantised, and to F16 or BF16 if the weights are.
 */
export function klBound(format: BlockFormat): number {
  if (format === 'F32') return 1e-5;
  if (format === 'F16') return 1e-4;
  if (format === 'BF16') return 1e-3;
  return 5e-3;
}

/** KL(softmax(reference) ‖ softmax(logits)) in nats, in f64. */
export function klDivergence(reference: ArrayLike<number>, logits: ArrayLike<number>): number {
  const p = logSoftmax(reference);
  const q = logSoftmax(logits);
  return p.reduce((sum, logp, i) => sum + Math.exp(logp) * (logp - q[i]!), 0);
}

/** In f64. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  return values.map((value) => value - logSum);
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
}
