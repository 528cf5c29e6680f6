import { EngineError } from '../../contract.ts';
import type { GgufFile } from '../../gguf/header.ts';
import type { Architecture } from './architecture.ts';
import { ARCHITECTURES } from './architectures/index.ts';

/** The dimensions and constants of one model, read from its metadata and checked. */
export interface ModelConfig {
  readonly architecture: Architecture;
  readonly name: string;
  readonly layers: number;
  /** Length of the residual stream. */
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly feedForward: number;
  readonly vocabularySize: number;
  /** Longest sequence that the model was trained on. */
  readonly trainedContext: number;
  readonly epsilon: number;
  /** Rotated dimensions of a head; 0 without rope. */
  readonly rotary: number;
  readonly ropeBase: number;
  /** Positions are divided by this (linear scaling); 1 means no scaling. */
  readonly ropeScale: number;
}

/** Bounds on what a file may claim; the largest open models stay well below. */
const MAX_LAYERS = 256;
const MAX_WIDTH = 65_536;
const MAX_HEAD_DIM = 256;
const MAX_CONTEXT = 4 * 1024 * 1024;

/** @throws EngineError `unsupported-architecture`, `bad-file` */
export function readConfig(file: GgufFile): ModelConfig {
  const { metadata } = file;
  const name = metadata.string('general.architecture');
  const architecture = ARCHITECTURES.find((candidate) => candidate.name === name);
  if (!architecture) {
    const known = ARCHITECTURES.map((candidate) => candidate.name).join(', ');
    throw new EngineError(
      'unsupported-architecture',
      `${file.source.name} is a model of the architecture “${name.slice(0, 40)}”; this engine runs ${known}, so please choose one of those.`,
    );
  }
  const key = (suffix: string) => `${name}.${suffix}`;
  const count = (suffix: string, most: number, fallback?: number) =>
    checkedCount(file, key(suffix), metadata.number(key(suffix), fallback), most);
  const positive = (suffix: string, fallback: number) =>
    checkedPositive(file, key(suffix), metadata.number(key(suffix), fallback));

  if (metadata.number(key('expert_count'), 0) > 0) {
    throw unsupported(file, 'a mixture of experts');
  }
  const scaling = metadata.string(key('rope.scaling.type'), 'none');
  if (scaling !== 'none' && scaling !== 'linear') {
    throw unsupported(file, `rope scaling of the type “${scaling.slice(0, 40)}”`);
  }
  const width = count('embedding_length', MAX_WIDTH);
  const heads = count('attention.head_count', MAX_WIDTH);
  const kvHeads = count('attention.head_count_kv', MAX_WIDTH, heads);
  const headDim = count('attention.key_length', MAX_HEAD_DIM, width / heads);
  const rotary = architecture.rope === 'none' ? 0 : count('rope.dimension_count', MAX_HEAD_DIM, headDim);
  if (width % 4 || headDim % 4 || heads % kvHeads || rotary % 2 || rotary > headDim) {
    throw new EngineError(
      'bad-file',
      `${file.source.name} says ${heads} heads of ${headDim}, ${kvHeads} KV heads, ${rotary} rotated dimensions and a width of ${width}, which do not go together; please choose another file.`,
    );
  }
  const embedding = file.tensors.get('token_embd.weight');
  return {
    architecture,
    name: metadata.string('general.name', file.source.name).slice(0, 200),
    layers: count('block_count', MAX_LAYERS),
    width,
    heads,
    kvHeads,
    headDim,
    feedForward: count('feed_forward_length', MAX_WIDTH * 4),
    vocabularySize: embedding?.shape[1] ?? metadata.stringArray('tokenizer.ggml.tokens').length,
    trainedContext: count('context_length', MAX_CONTEXT),
    epsilon: positive(`attention.layer_norm_${architecture.norm === 'rms' ? 'rms_' : ''}epsilon`, 1e-5),
    rotary,
    ropeBase: positive('rope.freq_base', 10_000),
    // Some files write 0 for no scaling.
    ropeScale:
      scaling === 'linear' && metadata.number(key('rope.scaling.factor'), 1) !== 0
        ? positive('rope.scaling.factor', 1)
        : 1,
  };
}

function checkedCount(file: GgufFile, key: string, value: number, most: number): number {
  if (Number.isInteger(value) && value > 0 && value <= most) return value;
  throw new EngineError(
    'bad-file',
    `${file.source.name} gives ${key} as ${value}, which is not a whole number from 1 to ${most}; please choose another file.`,
  );
}

/** Shaders compute in single precision, where a very small number becomes 0 and a very large one infinite. */
function checkedPositive(file: GgufFile, key: string, value: number): number {
  const single = Math.fround(value);
  if (single > 0 && single < Infinity) return value;
  throw new EngineError(
    'bad-file',
    `${file.source.name} gives ${key} as ${value}, which is not a number above 0 in single precision; please choose another file.`,
  );
}

function unsupported(file: GgufFile, what: string): EngineError {
  return new EngineError(
    'unsupported-architecture',
    `${file.source.name} uses ${what}, which this engine does not run yet; please choose a model without it.`,
  );
}

/**
 * Cosine and sine of each position and rotated pair, [positions][rotary / 2][2], computed in f64 and rounded once.
 * @param factors divide the frequencies (Llama 3's `rope_freqs.weight`); null for none
 * Source: Su et al. 2021, eq. 15.
 */
export function ropeAngles(
  config: ModelConfig,
  positions: number,
  factors: Float32Array | null,
): Float32Array<ArrayBuffer> {
  const half = config.rotary / 2;
  const angles = new Float32Array(positions * half * 2);
  for (let i = 0; i < half; i++) {
    const frequency = config.ropeBase ** ((-2 * i) / config.rotary) / (factors?.[i] ?? 1) / config.ropeScale;
    for (let p = 0; p < positions; p++) {
      angles[(p * half + i) * 2] = Math.cos(p * frequency);
      angles[(p * half + i) * 2 + 1] = Math.sin(p * frequency);
    }
  }
  return angles;
}
