import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as WebLlm from '@mlc-ai/web-llm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runDecoding } from '../../../src/decoding/decode.ts';
import { type Engine, EngineError } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { forwardOf, WebLlmEngine } from '../../../src/engines/web-llm/engine.ts';
import { webLlmError } from '../../../src/engines/web-llm/errors.ts';
import { LogitTap } from '../../../src/engines/web-llm/logit_tap.ts';
import { WebLlmSession } from '../../../src/engines/web-llm/session.ts';
import { downloadBytes, WEB_LLM_HOSTS, WEB_LLM_MODELS } from '../../../src/engines/web-llm/models.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';

/** The package itself, with an added export of its pipeline class. */
type Package = typeof WebLlm & { readonly LLMChatPipeline: { readonly prototype: object } };
let library: Package;
const folder = join('node_modules', '.cache', `web-llm-${process.pid}`);

beforeAll(async () => {
  const source = readFileSync('node_modules/@mlc-ai/web-llm/lib/index.js', 'utf8');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'index.mjs');
  writeFileSync(path, `${source}\nexport { LLMChatPipeline };\n`);
  library = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Package;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MODEL = 'SmolLM2-135M-Instruct-q0f16-MLC';
/** Logits at the end that belong to no token, because web-llm's models are padded. */
const PADDING = 5;

const scripted = new ScriptedEngine();
const vocabularySize = scripted.model.vocabularySize + PADDING;

/** TVM's arrays and kernels in plain loops on the CPU, as far as the sampler calls them. */
class PlainTensor {
  constructor(
    readonly shape: readonly number[],
    readonly dtype: string,
    public values: number[] = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0),
  ) {}
  copyFrom(from: PlainTensor | ArrayLike<number>): this {
    this.values = from instanceof PlainTensor ? [...from.values] : Array.from(from);
    return this;
  }
  toArray(): Float32Array | Int32Array {
    return this.dtype === 'int32' ? Int32Array.from(this.values) : Float32Array.from(this.values);
  }
  view(shape: readonly number[]): PlainTensor {
    const same = new PlainTensor(shape, this.dtype);
    Object.defineProperty(same, 'values', {
      get: () => this.values,
      set: (values: number[]) => (this.values = values),
    });
    return same;
  }
  dispose(): void {
    this.values = [];
  }
}

interface Sampled {
  /** Tokens that the library drew, and the uniform number that it drew with. */
  readonly drawn: number[];
  readonly fed: number[][];
}

/**
 * The library's own `MLCEngine` and `LLMChatPipeline`, with unchanged methods. The scripted engine's logits replace a compiled
 * model, and plain loops replace its shaders.
 * @param config sampling values from a model's own file
 */
function realEngine(tap: LogitTap, config: object): { engine: WebLlm.MLCEngine } & Sampled {
  const engine = new library.MLCEngine({
    logitProcessorRegistry: new Map([[MODEL, tap]]),
    logLevel: 'SILENT',
  });
  const drawn: number[] = [];
  const fed: number[][] = [];
  let tokens: number[] = [];
  const empty = (shape: readonly number[], dtype: string): PlainTensor => new PlainTensor(shape, dtype);
  const pipeline = Object.assign(Object.create(library.LLMChatPipeline.prototype) as object, {
    config,
    logitProcessor: tap,
    fullVocabSize: vocabularySize,
    prefillChunkSize: 16,
    filledKVCacheLength: 0,
    appearedTokensFreq: new Map(),
    sampleIndices: new Int32Array([0]),
    sampleIndicesDevice: empty([1], 'int32'),
    topPDevice: empty([1], 'float32'),
    conversation: { reset: () => undefined },
    device: { sync: () => Promise.resolve() },
    tvm: {
      beginScope: () => undefined,
      endScope: () => undefined,
      detachFromCurrentScope: <T>(value: T): T => value,
      empty,
      cpu: () => 'cpu',
      // The worst draw takes the last of the remaining tokens.
      uniform: () => new PlainTensor([1], 'float32', [0.999999]),
    },
    fsoftmaxWithTemperature: (logits: PlainTensor, [temperature]: number[]) => softmax(logits, temperature!),
    fargsortProbs: (probs: PlainTensor) => {
      const order = probs.values
        .map((_, id) => id)
        .sort((a, b) => probs.values[b]! - probs.values[a]! || a - b);
      const tensors = [
        new PlainTensor(
          probs.shape,
          'float32',
          order.map((id) => probs.values[id]!),
        ),
        new PlainTensor(probs.shape, 'int32', order),
      ];
      return { get: (i: number) => tensors[i] };
    },
    fsampleWithTopP: (sorted: PlainTensor, ids: PlainTensor, u: PlainTensor) => {
      let left = u.values[0]!;
      const index = sorted.values.findIndex((p) => (left -= p) < 0);
      drawn.push(ids.values[index === -1 ? sorted.values.length - 1 : index]!);
      return new PlainTensor([1], 'int32', [drawn.at(-1)!]);
    },
    // Softmax takes its temperature as a tensor.
    async embedAndForward(this: { filledKVCacheLength: number }, chunk: number[][], length: number) {
      const part = chunk.flat();
      fed.push(part);
      tokens.push(...part);
      this.filledKVCacheLength += length;
      return new PlainTensor([1, 1, vocabularySize], 'float32', [...(await logitsAfter(tokens))]);
    },
    resetKVCache: () => {
      tokens = [];
    },
  });
  const softmaxKernel = pipeline.fsoftmaxWithTemperature;
  Object.assign(pipeline, {
    fsoftmaxWithTemperature: (logits: PlainTensor, temperature: PlainTensor) =>
      softmaxKernel(logits, temperature.values),
  });
  const states = engine as unknown as Record<string, Map<string, unknown>>;
  states['loadedModelIdToPipeline']!.set(MODEL, pipeline);
  states['loadedModelIdToChatConfig']!.set(MODEL, config);
  states['loadedModelIdToLock']!.set(MODEL, {});
  return { engine, drawn, fed };
}

function softmax(logits: PlainTensor, temperature: number): PlainTensor {
  const scaled = logits.values.map((value) => value / temperature);
  const max = Math.max(...scaled);
  const weights = scaled.map((value) => Math.exp(value - max));
  const sum = weights.reduce((a, b) => a + b, 0);
  return new PlainTensor(
    logits.shape,
    'float32',
    weights.map((weight) => weight / sum),
  );
}

async function logitsAfter(tokens: readonly number[]): Promise<Float32Array> {
  const { sequence, logits } = await scripted.session.prefill(tokens);
  scripted.session.release(sequence);
  const padded = new Float32Array(vocabularySize).fill(-20);
  padded.set(logits);
  return padded;
}

const neutral = {
  temperature: 1,
  top_p: 1,
  repetition_penalty: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
};
const info = { name: 'a model', vocabularySize };
const options = { vocabularySize, contextLength: 200, kvBytesPerToken: 4 };
const prompt = scripted.tokenizer.encode('Once upon a time', { addSpecial: true });

describe('web-llm’s own engine class under our session', () => {
  it('gives our chain the raw logits of each step, whatever the library draws', async () => {
    const tap = new LogitTap();
    const { engine, fed, drawn } = realEngine(tap, neutral);
    const session = new WebLlmSession(forwardOf(engine, tap, info), options);
    const long = [...prompt, ...Array.from({ length: 40 }, (_, i) => 10 + i)];
    const { logits, sequence } = await session.prefill(long);
    expect(logits).toEqual(await logitsAfter(long));
    const [next] = await session.step([{ sequence, token: 7 }]);
    expect(next).toEqual(await logitsAfter([...long, 7]));
    // Its KV cache holds our tokens and none of its own. A prompt is evaluated in its chunks.
    expect(fed.flat()).toEqual([...long, 7]);
    expect(fed.every((chunk) => chunk.length <= 16)).toBe(true);
    // With one token left, it takes that one even at u = 0.999999.
    const best = logits.indexOf(Math.max(...logits));
    expect(drawn[0]).toBe(best);
  });

  it.each([
    ['its temperature', { ...neutral, temperature: 0.01 }],
    ['a high temperature', { ...neutral, temperature: 5 }],
    ['its top-p', { ...neutral, top_p: 0.1 }],
  ])('%s changes nothing that we see', async (_, config) => {
    const tap = new LogitTap();
    const { engine, drawn } = realEngine(tap, config);
    const session = new WebLlmSession(forwardOf(engine, tap, info), options);
    const { logits } = await session.prefill(prompt);
    expect(logits).toEqual(await logitsAfter(prompt));
    expect(drawn).toEqual([logits.indexOf(Math.max(...logits))]);
  });

  it('a run with the whole chain draws the same as on the plain engine', async () => {
    const tap = new LogitTap();
    const { engine } = realEngine(tap, neutral);
    const session = new WebLlmSession(forwardOf(engine, tap, info), options);
    const over: Engine = {
      ...scripted,
      kind: 'web-llm',
      tokenizer: scripted.tokenizer,
      model: { ...scripted.model, vocabularySize },
      capabilities: { ...scripted.capabilities, fork: false, promptLogprobs: false, maxBatch: 1 },
      session,
      describe: () => scripted.describe(),
      dispose: () => undefined,
    };
    const params = {
      ...defaultParams(),
      seed: 99,
      temperature: 1.3,
      xtcProbability: 0.3,
      dryMultiplier: 0.8,
    };
    const spec = {
      prompt,
      strategy: { kind: 'sample' },
      lanes: [{ params }],
      stop: { maxTokens: 60, sequences: [] },
    } as const;
    const ours = await runDecoding(scripted, spec);
    const theirs = await runDecoding(over, spec);
    expect(theirs.branches[0]!.tokens).toEqual(ours.branches[0]!.tokens);
    expect(theirs.branches[0]!.tokens.length).toBeGreaterThan(10);
    const two = { ...spec, lanes: [{ params }, { params, stream: 1 }] };
    await expect(runDecoding(over, two)).rejects.toThrow(/cannot fork/);
  });

  it('evaluates only new tokens of a longer text, none of the same text, and all of another', async () => {
    const tap = new LogitTap();
    const { engine, fed } = realEngine(tap, neutral);
    const session = new WebLlmSession(forwardOf(engine, tap, info), options);
    const first = await session.prefill([1, 2, 3]);
    const again = await session.prefill([1, 2, 3]);
    expect(again.logits).toEqual(first.logits);
    expect(again.reused).toBe(3);
    expect((await session.prefill([1, 2, 3, 4, 5])).reused).toBe(3);
    expect(fed).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    const other = await session.prefill([1, 2, 9]);
    expect(other.reused).toBe(0);
    expect(other.logits).toEqual(await logitsAfter([1, 2, 9]));
    // A step of the older sequence evaluates it again, with the right result.
    const [next] = await session.step([{ sequence: first.sequence, token: 6 }]);
    expect(next).toEqual(await logitsAfter([1, 2, 3, 6]));
    const rows = new Map<number, Float32Array>();
    await session.prefill([5, 6, 7], { onLogits: (position, row) => rows.set(position, row) });
    for (const [position, row] of rows)
      expect(row).toEqual(await logitsAfter([5, 6, 7].slice(0, position + 1)));
    expect([...rows.keys()]).toEqual([0, 1, 2]);
  });

  it('reports logits of another length', async () => {
    const tap = new LogitTap();
    const { engine } = realEngine(tap, neutral);
    const forward = forwardOf(engine, tap, { name: 'a model', vocabularySize: 7 });
    await expect(forward.append([1])).rejects.toThrow(/logits for a model, whose vocabulary has 7 entries/);
  });

  it('turns the library’s error classes into one sentence each', async () => {
    const engine = new library.MLCEngine({ logLevel: 'SILENT' });
    const forward = forwardOf(engine, new LogitTap(), info);
    const error = await forward.append([1]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    // Node has no WebGPU, and the library finds that out by itself.
    const missing: unknown = await engine.getGPUVendor().catch((thrown: unknown) => thrown);
    expect(webLlmError(missing, 'Qwen').code).toBe('no-adapter');
  });
});

it('a LogitTap keeps a copy, because the library reuses its array', () => {
  const tap = new LogitTap();
  const row = Float32Array.from([1, 3, 2]);
  expect([...tap.processLogits(row)]).toEqual([-1e9, 0, -1e9]);
  row.fill(0);
  expect([...tap.take()!]).toEqual([1, 3, 2]);
  expect(tap.take()).toBeNull();
});

describe('errors', () => {
  const named = (name: string, message = 'x'): Error => Object.assign(new Error(message), { name });
  it.each([
    [named('ShaderF16SupportError'), 'missing-limit', /shader-f16/],
    [named('DeviceLostError'), 'device-lost', /load it again/],
    [
      named(
        'Error',
        'Cannot initialize runtime because of requested maxStorageBuffersPerShaderStage exceeds limit. requested=10, limit=8. ',
      ),
      'missing-limit',
      /10 storage buffers/,
    ],
    [
      named(
        'Error',
        'Cannot initialize runtime because of requested maxBufferSize exceeds limit. requested=1024MB, limit=256MB. ',
      ),
      'missing-limit',
      /beyond what this graphics adapter allows/,
    ],
    [new DOMException('x', 'QuotaExceededError'), 'storage-full', /no room/],
    [new TypeError('Failed to fetch'), 'network', /try again/],
    [new DOMException('x', 'NetworkError'), 'network', /try again/],
    [named('ContextWindowSizeExceededError'), 'context-full', /shorten/],
    [new DOMException('x', 'AbortError'), 'aborted', /stopped/],
    [named('WebGPUNotFoundError'), 'no-adapter', /WebGPU/],
    ['something odd\nwith a second line', 'not-supported', /something odd; choose/],
  ] as const)('%s becomes %s', (thrown, code, sentence) => {
    const error = webLlmError(thrown, 'Qwen');
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain('Qwen');
    expect(error.cause).toBe(thrown);
  });
});

describe('a load that is stopped', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('ends even while it reads cached files, although a cache cannot be stopped', async () => {
    const stop = new AbortController();
    const config = {
      vocab_size: 300,
      context_window_size: 2048,
      model_config: { hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4 },
    };
    const opened: string[] = [];
    const cache = {
      match: (url: string) => {
        opened.push(url.slice(url.lastIndexOf('/') + 1));
        if (url.endsWith('tokenizer.json')) stop.abort();
        return Promise.resolve(Response.json(url.endsWith('mlc-chat-config.json') ? config : {}));
      },
    };
    vi.stubGlobal('caches', { open: () => Promise.resolve(cache) });
    const createTokenizer = vi.fn(() => scripted.tokenizer);
    const loading = WebLlmEngine.load({
      modelId: MODEL,
      name: 'SmolLM2',
      licence: 'Apache-2.0',
      parameters: 1,
      downloadBytes: 1,
      format: 'q0f16',
      createTokenizer,
      signal: stop.signal,
    });
    await expect(loading).rejects.toMatchObject({ name: 'EngineError', code: 'aborted' });
    expect(opened).toEqual(['mlc-chat-config.json', 'tokenizer.json', 'tokenizer_config.json']);
    expect(createTokenizer).not.toHaveBeenCalled();
  });
});

describe('the list of models', () => {
  it('names models that web-llm has, with web-llm’s figures', () => {
    const byId = new Map(library.prebuiltAppConfig.model_list.map((record) => [record.model_id, record]));
    for (const { variants } of WEB_LLM_MODELS) {
      for (const { modelId, memory, needsF16 } of variants) {
        const record = byId.get(modelId)!;
        expect(record, modelId).toBeDefined();
        expect(memory / 1024 ** 2).toBeCloseTo(record.vram_required_MB!, 6);
        expect(new URL(record.model).host).toBe(WEB_LLM_HOSTS[0]);
        expect(new URL(record.model_lib).host).toBe(WEB_LLM_HOSTS[1]);
        // Some entries leave it out, so the name counts.
        expect(needsF16).toBe(/f16/.test(modelId));
        if (record.required_features?.includes('shader-f16')) expect(needsF16).toBe(true);
      }
      expect(variants[0].needsF16).toBe(true);
      expect(variants[1].needsF16).toBe(false);
    }
  });

  it('gives download sizes, which are below the memory sizes', () => {
    for (const model of WEB_LLM_MODELS) {
      for (const variant of model.variants) {
        expect(downloadBytes(model, variant)).toBeLessThan(variant.memory);
        expect(downloadBytes(model, variant)).toBeGreaterThan(50e6);
      }
    }
  });
});
