/** Models that web-llm runs: which of their variants this adapter supports, and how to open one. */
import { type Engine, EngineError, type LoadOptions } from '../contract.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import {
  downloadBytes,
  WEB_LLM_HOSTS,
  WEB_LLM_MODELS,
  webLlmModel,
  type WebLlmModel,
  type WebLlmVariant,
} from './models.ts';
import { deleteWebLlm, keptShare, type KeptShare } from './kept.ts';
import { tokenizerMetadata } from '../tokenizer/tokenizer_json.ts';

/** Storage buffers per shader that web-llm's runtime requests. */
const STORAGE_BUFFERS = 10;

/** What the page lists. Sizes in bytes. */
export interface WebLlmOffer {
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly licence: string;
  readonly downloadBytes: number;
  readonly memory: number;
  readonly needsF16: boolean;
  /** How much of it this browser keeps. */
  readonly kept: KeptShare;
}

export interface WebLlmOffers {
  readonly models: readonly WebLlmOffer[];
  readonly hosts: readonly string[];
  /** Why none of them runs here, as a sentence; null if they do. */
  readonly problem: string | null;
}

/** Asks only the adapter. */
export async function webLlmOffers(): Promise<WebLlmOffers> {
  const adapter = (await navigator.gpu?.requestAdapter()) ?? null;
  const models = WEB_LLM_MODELS.map(async (model) => {
    const variant = variantFor(model, adapter);
    const { memory, needsF16 } = variant;
    return {
      id: model.id,
      name: model.name,
      format: formatOf(variant),
      licence: model.licence,
      downloadBytes: downloadBytes(model, variant),
      memory,
      needsF16,
      kept: await keptShare(variant.modelId),
    };
  });
  return { models: await Promise.all(models), hosts: WEB_LLM_HOSTS, problem: problemOf(adapter) };
}

/** @throws EngineError says in one sentence what is wrong with the model, the machine or the network */
export async function openWebLlm(id: string, options: LoadOptions): Promise<Engine> {
  const adapter = (await navigator.gpu?.requestAdapter()) ?? null;
  const problem = problemOf(adapter);
  if (problem !== null) throw new EngineError(adapter ? 'missing-limit' : 'no-adapter', problem);
  const model = webLlmModel(id);
  const variant = variantFor(model, adapter);
  const { WebLlmEngine } = await import('./engine.ts');
  const { name, licence, parameters, preTokenizer } = model;
  return WebLlmEngine.load({
    ...options,
    modelId: variant.modelId,
    name,
    licence,
    parameters,
    format: formatOf(variant),
    downloadBytes: downloadBytes(model, variant),
    createTokenizer: (files) => createTokenizer(tokenizerMetadata({ ...files, preTokenizer, name })),
  });
}

/** Deletes what is kept of a model, in both variants. */
export async function deleteWebLlmModel(id: string): Promise<void> {
  for (const { modelId } of webLlmModel(id).variants) await deleteWebLlm(modelId);
}

function variantFor({ variants }: WebLlmModel, adapter: GPUAdapter | null): WebLlmVariant {
  const f16 = adapter?.features.has('shader-f16') ?? false;
  return variants.find(({ needsF16 }) => f16 || !needsF16) ?? variants[0];
}

/** The `q4f16_1` in `…-q4f16_1-MLC`. */
function formatOf({ modelId }: WebLlmVariant): string {
  return modelId.split('-').at(-2)!;
}

function problemOf(adapter: GPUAdapter | null): string | null {
  if (!adapter) return 'web-llm needs WebGPU, and this browser gives no adapter for it.';
  const { maxStorageBuffersPerShaderStage: given } = adapter.limits;
  if (given >= STORAGE_BUFFERS) return null;
  return `web-llm needs ${STORAGE_BUFFERS} storage buffers in one shader, and this graphics adapter gives ${given}; use this page’s own engine.`;
}
