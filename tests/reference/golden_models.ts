/** The random models of the golden files. Tests read a model's spec from its golden file. */
import { BLOCK_FORMATS, type BlockFormat } from '../../src/engines/gguf/block_formats.ts';
import type { ModelSpec } from '../models/make_model.ts';

type Shape = Omit<ModelSpec, 'seed' | 'architecture' | 'format'>;

const CONTEXT = 256;

/** Widths that are not multiples of 64 or 256; grouped, single and full KV heads; heads wider than their share. */
const ODD: Readonly<Record<ModelSpec['architecture'], Shape>> = {
  llama: shape(307, { embeddingLength: 96, feedForwardLength: 160, heads: 6, kvHeads: 2, tied: false }),
  qwen2: shape(311, { embeddingLength: 96, feedForwardLength: 224, heads: 4, kvHeads: 1, tied: true }),
  qwen3: shape(313, {
    embeddingLength: 96,
    feedForwardLength: 160,
    heads: 4,
    kvHeads: 2,
    headLength: 40,
    tied: false,
  }),
  gpt2: shape(317, { embeddingLength: 96, feedForwardLength: 224, heads: 6, kvHeads: 6, tied: true }),
};

/** K-quants need rows of whole 256s. */
const WIDE: Readonly<Record<ModelSpec['architecture'], Shape>> = {
  llama: shape(307, { embeddingLength: 256, feedForwardLength: 512, heads: 8, kvHeads: 2, tied: false }),
  qwen2: shape(311, { embeddingLength: 256, feedForwardLength: 768, heads: 4, kvHeads: 1, tied: true }),
  qwen3: shape(313, {
    embeddingLength: 256,
    feedForwardLength: 512,
    heads: 4,
    kvHeads: 2,
    headLength: 128,
    tied: false,
  }),
  gpt2: shape(317, { embeddingLength: 256, feedForwardLength: 768, heads: 8, kvHeads: 8, tied: true }),
};

const ARCHITECTURES: readonly ModelSpec['architecture'][] = ['llama', 'qwen2', 'qwen3', 'gpt2'];

/** Models with single features of published ones, beside the table of architecture × format. */
const FEATURES: Readonly<Record<string, ModelSpec>> = {
  'llama3-rope-factors': {
    ...ODD.llama,
    seed: 101,
    architecture: 'llama',
    format: 'F32',
    ropeBase: 500000,
    ropeFactors: true,
  },
  'llama3-rope-factors-q8_0': {
    ...ODD.llama,
    seed: 102,
    architecture: 'llama',
    format: 'Q8_0',
    ropeBase: 500000,
    ropeFactors: true,
    tied: true,
  },
  'llama-all-heads-tied': {
    ...ODD.llama,
    seed: 103,
    architecture: 'llama',
    format: 'F16',
    kvHeads: 6,
    tied: true,
  },
  'llama-single-kv-head': { ...ODD.llama, seed: 104, architecture: 'llama', format: 'F32', kvHeads: 1 },
  'llama-version-2': { ...ODD.llama, seed: 106, architecture: 'llama', format: 'Q8_0', version: 2 },
  'mistral-like': {
    ...ODD.llama,
    seed: 107,
    architecture: 'llama',
    format: 'Q4_0',
    ropeBase: 1e6,
    heads: 4,
    kvHeads: 1,
    headLength: 32,
  },
  'q4_k_m-like': {
    ...WIDE.llama,
    seed: 108,
    architecture: 'llama',
    format: 'Q4_K',
    tied: true,
    formats: {
      'token_embd.weight': 'Q6_K',
      'attn_v.weight': 'Q6_K',
      'ffn_down.weight': 'Q5_K',
      'attn_k.weight': 'Q5_0',
    },
  },
  'qwen2-untied': { ...ODD.qwen2, seed: 109, architecture: 'qwen2', format: 'Q5_1', tied: false, kvHeads: 2 },
  'qwen3-tied': { ...ODD.qwen3, seed: 110, architecture: 'qwen3', format: 'Q4_1', tied: true, ropeBase: 1e6 },
};

/** Every golden model by name, which is also the golden file's name. */
export function goldenModels(): Map<string, ModelSpec> {
  const models = new Map<string, ModelSpec>();
  let seed = 1;
  for (const architecture of ARCHITECTURES) {
    for (const format of Object.keys(BLOCK_FORMATS) as BlockFormat[]) {
      const dimensions = (BLOCK_FORMATS[format].elements === 256 ? WIDE : ODD)[architecture];
      models.set(`${architecture}-${format.toLowerCase()}`, {
        seed: seed++,
        architecture,
        format,
        ...dimensions,
      });
    }
  }
  for (const [name, spec] of Object.entries(FEATURES)) models.set(name, spec);
  return models;
}

function shape(
  vocabularySize: number,
  rest: Omit<Shape, 'vocabularySize' | 'contextLength' | 'layers'>,
): Shape {
  return { vocabularySize, contextLength: CONTEXT, layers: 3, ...rest };
}
