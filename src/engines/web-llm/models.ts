/**
 * Models that web-llm runs, chosen from its own list for their size. This file adds what that list lacks: the size of the download,
 * how text is cut into words, and the licence.
 */

/** A compiled form of a model: its weight format, and whether its shaders compute in half precision. */
export interface WebLlmVariant {
  /** The id in web-llm's own list. */
  readonly modelId: string;
  /** Bits per weight, scales included. */
  readonly bitsPerWeight: number;
  readonly needsF16: boolean;
  /** GPU memory with a context of 4,096 tokens, in bytes, from web-llm's list. */
  readonly memory: number;
}

export interface WebLlmModel {
  readonly id: string;
  readonly name: string;
  readonly parameters: number;
  readonly licence: string;
  /** How its tokenizer cuts text into words, under the name that GGUF files use. */
  readonly preTokenizer: string;
  /** The preferred one first. */
  readonly variants: readonly [WebLlmVariant, WebLlmVariant];
}

/** Hosts of the weights and of the compiled shaders in web-llm's list. */
export const WEB_LLM_HOSTS = ['huggingface.co', 'raw.githubusercontent.com'] as const;

const MB = 1024 * 1024;

/** Unquantised weights. */
function plain(stem: string, memoryF16: number, memoryF32: number): WebLlmModel['variants'] {
  return [
    { modelId: `${stem}-q0f16-MLC`, bitsPerWeight: 16, needsF16: true, memory: memoryF16 * MB },
    { modelId: `${stem}-q0f32-MLC`, bitsPerWeight: 32, needsF16: false, memory: memoryF32 * MB },
  ];
}

/** Groups of 32 weights of 4 bits, each group with a scale of 16 or 32 bits. */
function quantised(stem: string, memoryF16: number, memoryF32: number): WebLlmModel['variants'] {
  return [
    { modelId: `${stem}-q4f16_1-MLC`, bitsPerWeight: 4.5, needsF16: true, memory: memoryF16 * MB },
    { modelId: `${stem}-q4f32_1-MLC`, bitsPerWeight: 5, needsF16: false, memory: memoryF32 * MB },
  ];
}

export const WEB_LLM_MODELS: readonly WebLlmModel[] = [
  {
    id: 'smollm2-135m-instruct',
    name: 'SmolLM2 135M Instruct',
    parameters: 134_515_008,
    licence: 'Apache-2.0',
    preTokenizer: 'smollm',
    variants: plain('SmolLM2-135M-Instruct', 359.69, 719.38),
  },
  {
    id: 'smollm2-360m-instruct',
    name: 'SmolLM2 360M Instruct',
    parameters: 361_821_120,
    licence: 'Apache-2.0',
    preTokenizer: 'smollm',
    variants: quantised('SmolLM2-360M-Instruct', 376.06, 579.61),
  },
  {
    id: 'qwen2.5-0.5b-instruct',
    name: 'Qwen2.5 0.5B Instruct',
    parameters: 494_032_768,
    licence: 'Apache-2.0',
    preTokenizer: 'qwen2',
    variants: quantised('Qwen2.5-0.5B-Instruct', 944.62, 1060.2),
  },
  {
    id: 'qwen3-0.6b',
    name: 'Qwen3 0.6B',
    parameters: 596_049_920,
    licence: 'Apache-2.0',
    preTokenizer: 'qwen2',
    variants: quantised('Qwen3-0.6B', 1403.34, 1924.98),
  },
  {
    id: 'llama-3.2-1b-instruct',
    name: 'Llama 3.2 1B Instruct',
    parameters: 1_235_814_400,
    licence: 'Llama 3.2',
    preTokenizer: 'llama-bpe',
    variants: quantised('Llama-3.2-1B-Instruct', 879.04, 1128.82),
  },
];

/** Approximate bytes to fetch; the tokenizer and the shaders add a few megabytes. */
export function downloadBytes({ parameters }: WebLlmModel, { bitsPerWeight }: WebLlmVariant): number {
  return (parameters * bitsPerWeight) / 8;
}

/** @throws RangeError for an id that is not in the list */
export function webLlmModel(id: string): WebLlmModel {
  const found = WEB_LLM_MODELS.find((model) => model.id === id);
  if (found) return found;
  throw new RangeError(`There is no web-llm model "${id}" in the list.`);
}
