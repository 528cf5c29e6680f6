/**
 * web-llm (@mlc-ai/web-llm): models that were compiled to WebGPU shaders ahead of time. The library samples by itself. This engine
 * takes its logits before that (logit_tap.ts) and chooses each next token, so that every control works as on our own engine.
 */
import { MLCEngine, modelVersion, prebuiltAppConfig } from '@mlc-ai/web-llm';
import {
  type Capabilities,
  type Engine,
  type EngineDescription,
  EngineError,
  type LoadOptions,
  type LoadProgress,
  type ModelInfo,
  type TokenId,
  type Tokenizer,
} from '../contract.ts';
import { numericsId } from '../numerics.ts';
import { webLlmError } from './errors.ts';
import { type ModelConfig, readJson, readModelConfig } from './files.ts';
import { LogitTap } from './logit_tap.ts';
import { type Forward, WebLlmSession } from './session.ts';

export interface WebLlmOptions extends Partial<LoadOptions> {
  /** The id in web-llm's own list. */
  readonly modelId: string;
  readonly name: string;
  readonly licence: string;
  readonly parameters: number;
  /** Bytes to fetch, for the progress. */
  readonly downloadBytes: number;
  /** The storage format of its weights, as the page lists it. */
  readonly format: string;
  /** Creates the tokenizer from a model's tokenizer.json and tokenizer_config.json. */
  readonly createTokenizer: (files: {
    readonly tokenizer: unknown;
    readonly config: unknown;
    /** Number of logits; the last ones may be unused. */
    readonly vocabularySize: number;
  }) => Tokenizer;
}

/** Sampling parameters of web-llm that a model's own file may set, all without effect here. */
const NEUTRAL = {
  temperature: 1,
  top_p: 1,
  repetition_penalty: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
} as const;

export class WebLlmEngine implements Engine {
  readonly kind = 'web-llm';
  readonly capabilities: Capabilities;
  readonly session: WebLlmSession;
  readonly #library: MLCEngine;
  readonly #vendor: string;

  private constructor(
    library: MLCEngine,
    tap: LogitTap,
    readonly model: ModelInfo,
    readonly tokenizer: Tokenizer,
    vendor: string,
  ) {
    this.#library = library;
    this.#vendor = vendor;
    this.session = new WebLlmSession(forwardOf(library, tap, model), model);
    this.capabilities = {
      logits: 'full',
      maxLogprobs: model.vocabularySize,
      fork: false,
      promptLogprobs: false,
      summaryTop: 0,
      maxBatch: 1,
      tokenizer: true,
    };
  }

  /** @throws EngineError says in one sentence what is wrong with the model, the machine or the network */
  static async load(options: WebLlmOptions): Promise<WebLlmEngine> {
    const { modelId, name, signal, onProgress, downloadBytes } = options;
    const record = prebuiltAppConfig.model_list.find(({ model_id }) => model_id === modelId);
    if (!record) {
      throw new EngineError('not-supported', `web-llm has no model ${modelId} in its list; choose another.`);
    }
    const base = `${record.model}/resolve/main/`;
    const report = (stage: LoadProgress['stage'], share: number): void =>
      onProgress?.({ stage, loadedBytes: Math.round(share * downloadBytes), totalBytes: downloadBytes });
    report('header', 0);
    // Small files come first: an unreadable tokenizer is found before the weights are fetched.
    const config = await readModelConfig(base, signal);
    const contextLength = record.overrides?.context_window_size ?? config.context_window_size;
    report('tokenizer', 0);
    const [tokenizerFile, tokenizerConfig] = await Promise.all([
      readJson(`${base}tokenizer.json`, signal),
      readJson(`${base}tokenizer_config.json`, signal),
    ]);
    // Files from a cache arrive even if the load was stopped.
    if (signal?.aborted) throw new EngineError('aborted', `Loading ${name} was stopped.`);
    const tokenizer = options.createTokenizer({
      tokenizer: tokenizerFile,
      config: tokenizerConfig,
      vocabularySize: config.vocab_size,
    });
    const tap = new LogitTap();
    const library = new MLCEngine({
      logitProcessorRegistry: new Map([[modelId, tap]]),
      logLevel: 'SILENT',
      initProgressCallback: ({ progress, text }) =>
        report(
          /shader/i.test(text) ? 'shaders' : /from cache/i.test(text) ? 'weights' : 'download',
          progress,
        ),
    });
    const stop = (): void => void library.unload();
    signal?.addEventListener('abort', stop);
    try {
      await library.reload(modelId, { ...NEUTRAL, context_window_size: contextLength });
      const vendor = await library.getGPUVendor();
      // The library may have finished despite the stop.
      signal?.throwIfAborted();
      report('ready', 1);
      const model = describeModel(options, config, contextLength);
      return new WebLlmEngine(library, tap, model, tokenizer, vendor);
    } catch (error) {
      void library.unload().catch(() => undefined);
      if (signal?.aborted) {
        throw new EngineError('aborted', `Loading ${name} was stopped.`, { cause: error });
      }
      throw webLlmError(error, name);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  describe(): EngineDescription {
    return {
      adapter: `web-llm on WebGPU${this.#vendor === '' ? '' : `, ${this.#vendor}`}`,
      software: false,
      features: [this.model.formats['q4f16_1'] || this.model.formats['q0f16'] ? 'shader-f16' : 'f32'],
      numerics: numericsId('web-llm', {
        build: modelVersion,
        model: Object.keys(this.model.formats).join('+'),
      }),
    };
  }

  dispose(): void {
    void this.#library.unload().catch(() => undefined);
  }
}

/** @param tap must be registered with the library for this model */
export function forwardOf(
  library: Pick<MLCEngine, 'forwardTokensAndSample' | 'resetChat'>,
  tap: LogitTap,
  { name, vocabularySize }: Pick<ModelInfo, 'name' | 'vocabularySize'>,
): Forward {
  return {
    append: async (tokens: readonly TokenId[]) => {
      try {
        await library.forwardTokensAndSample([...tokens], tokens.length > 1);
      } catch (error) {
        throw webLlmError(error, name);
      }
      const row = tap.take();
      if (row?.length === vocabularySize) return row;
      throw new EngineError(
        'not-supported',
        `web-llm gave ${row?.length ?? 'no'} logits for ${name}, whose vocabulary has ${vocabularySize} entries; choose another model.`,
      );
    },
    clear: async () => {
      try {
        await library.resetChat(true);
      } catch (error) {
        throw webLlmError(error, name);
      }
    },
  };
}

function describeModel(
  { name, licence, parameters, downloadBytes, format }: WebLlmOptions,
  { vocab_size, model_type, model_config: shape }: ModelConfig,
  contextLength: number,
): ModelInfo {
  const kvHeads = shape.num_key_value_heads ?? shape.num_attention_heads;
  const headLength = shape.head_dim ?? shape.hidden_size / shape.num_attention_heads;
  const kvBytes = format.endsWith('f32') || format.endsWith('f32_1') ? 4 : 2;
  return {
    name: `${name} (${format})`,
    architecture: model_type,
    parameters,
    vocabularySize: vocab_size,
    contextLength,
    layers: shape.num_hidden_layers,
    embeddingLength: shape.hidden_size,
    fileSize: downloadBytes,
    weightBytes: downloadBytes,
    kvBytesPerToken: 2 * shape.num_hidden_layers * kvHeads * headLength * kvBytes,
    formats: { [format]: 1 },
    licence,
  };
}
