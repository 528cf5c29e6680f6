/** Times an engine: prefill, decode, lanes over one prompt and each kernel. It also counts the device's work per token. */
import type {
  ByteSource,
  Engine,
  EngineDescription,
  ModelInfo,
  StepCounters,
} from '../../src/engines/contract.ts';
import { loadWebGpuEngine, type WebGpuEngineOptions } from '../../src/engines/webgpu/engine.ts';
import { DeviceCounter } from '../../src/engines/webgpu/gpu/device_counter.ts';
import type { WebGpuSession } from '../../src/engines/webgpu/model/session.ts';
import { countSteps } from '../../scripts/headless/taps.ts';
import { rawDistribution } from '../../src/sampling/scores.ts';

export interface EngineBenchOptions {
  readonly gpu: GPU;
  readonly prefillTokens: number;
  readonly decodeTokens: number;
  /** Each figure is the median of this many runs. */
  readonly runs: number;
  readonly log: (line: string) => void;
}

export interface Timing {
  /** Decoded tokens per run. */
  readonly milliseconds: readonly number[];
  readonly median: number;
  readonly tokensPerSecond: number;
}

export interface LaneTiming extends Timing {
  readonly sequences: number;
  readonly dispatches: number;
}

export interface EngineBenchResult {
  readonly model: ModelInfo;
  readonly engine: EngineDescription;
  readonly loadMs: number;
  /** The largest difference of a next-token logprob between two ways of adding up the products. */
  readonly check: { readonly otherVariant: string; readonly difference: number };
  readonly prefill: Timing & { readonly tokens: number };
  /** Milliseconds per forward pass by number of sequences, which are forks of one prompt. The first entry is one alone. */
  readonly decode: readonly LaneTiming[];
  /** KV pages that eight forks of a long prompt hold after a step, and would hold without sharing. */
  readonly sharing: { readonly promptTokens: number; readonly pages: number; readonly pagesUnshared: number };
  readonly counters: StepCounters | null;
  /** GPU milliseconds per decoded token by kernel, slowest first; empty without timestamps. */
  readonly kernels: readonly { readonly label: string; readonly milliseconds: number }[];
}

const CHECK_TOKENS = [3, 1, 4, 1, 5, 9, 2, 6];
/** Above this the two variants do not compute the same model. f32 sums in another order differ by about 1e-5. */
const MOST_DIFFERENCE = 1e-3;
const LANES = [1, 2, 4, 8, 16];
const SHARING = { lanes: 8, promptTokens: 400 };

/** @throws Error when the logits are not finite or two variants of the shaders disagree, because then no time means anything */
export async function benchEngine(
  source: ByteSource,
  options: EngineBenchOptions,
): Promise<EngineBenchResult> {
  const { gpu, log } = options;
  // On a software adapter the engine uses rows, because the barriers of a tree are ten times slower there.
  const { features, info } = (await gpu.requestAdapter())!;
  const otherVariant = info.isFallbackAdapter && features.has('subgroups') ? 'subgroups' : 'tree';
  log('checking two variants of the shaders against each other');
  // Without f16, which rounds the weights of a prompt's tiles, the variants differ only in the order of their sums.
  const check = { gpu, contextLength: 64, without: ['shader-f16'] as const };
  const expected = await nextLogits(source, { ...check, reducer: otherVariant });
  const difference = largestDifference(expected, await nextLogits(source, check));
  if (!(difference <= MOST_DIFFERENCE)) {
    throw new Error(`Two variants of the shaders differ by ${difference} in a logprob; nothing was timed.`);
  }

  log('loading');
  const counter = new DeviceCounter();
  const start = performance.now();
  const engine = await loadWebGpuEngine(source, { gpu, onDevice: (device) => counter.watch(device) });
  const loadMs = performance.now() - start;
  try {
    const prefill = await timePrefill(engine, options);
    const decode: LaneTiming[] = [];
    let counters: StepCounters | null = null;
    for (const sequences of LANES) {
      const steady = countSteps(engine.session, counter);
      const timed = await timeDecode(engine, steady.session, sequences, options);
      const counted = steady.counters(engine);
      counters ??= counted;
      decode.push({ ...timed, sequences, dispatches: counted?.dispatches ?? NaN });
    }
    return {
      model: engine.model,
      engine: engine.describe(),
      loadMs,
      check: { otherVariant, difference },
      prefill: { ...prefill, tokens: options.prefillTokens },
      decode,
      counters,
      sharing: await countSharedPages(engine),
      kernels: await profile(engine),
    };
  } finally {
    engine.dispose();
  }
}

/** @throws Error when a logit is not finite */
async function nextLogits(source: ByteSource, options: WebGpuEngineOptions): Promise<Float32Array> {
  const engine = await loadWebGpuEngine(source, options);
  const { sequence, logits } = await engine.session.prefill(CHECK_TOKENS);
  const [next] = await engine.session.step([{ sequence, token: 5 }]);
  engine.dispose();
  for (const each of [logits, next!]) {
    const bad = each.findIndex((logit) => !Number.isFinite(logit));
    if (bad >= 0) throw new Error(`The logit of token ${bad} is ${each[bad]}; nothing was timed.`);
  }
  return next!;
}

/** The largest difference of logprobs. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  const [ofA, ofB] = [rawDistribution(a).logNormaliser, rawDistribution(b).logNormaliser];
  return a.reduce((largest, logit, i) => Math.max(largest, Math.abs(logit - ofA - (b[i]! - ofB))), 0);
}

async function timePrefill(
  engine: Engine,
  { prefillTokens, runs, log }: EngineBenchOptions,
): Promise<Timing> {
  const milliseconds: number[] = [];
  // The first run warms up and does not count. Each run begins with another token, so that no cache is reused.
  for (let run = -1; run < runs; run++) {
    const tokens = Array.from(
      { length: prefillTokens },
      (_, i) => (run + 17 + i * 31) % engine.model.vocabularySize,
    );
    const start = performance.now();
    const { sequence } = await engine.session.prefill(tokens);
    if (run >= 0) milliseconds.push(performance.now() - start);
    engine.session.release(sequence);
  }
  return timing('prefill', milliseconds, prefillTokens, log);
}

async function timeDecode(
  engine: Engine,
  session: Engine['session'],
  sequences: number,
  { prefillTokens, decodeTokens, runs, log }: EngineBenchOptions,
): Promise<Timing> {
  const tokens = Array.from({ length: prefillTokens }, (_, i) => (7 + i * 31) % engine.model.vocabularySize);
  const { sequence } = await session.prefill(tokens);
  const all = [sequence, ...Array.from({ length: sequences - 1 }, () => session.fork(sequence))];
  const step = (token: number) => session.step(all.map((each, i) => ({ sequence: each, token: token + i })));
  await step(1);
  await step(2);
  const milliseconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    for (let i = 0; i < decodeTokens; i++) await step(3 + i);
    milliseconds.push((performance.now() - start) / decodeTokens);
  }
  for (const each of all) session.release(each);
  return timing(`decode of ${sequences}`, milliseconds, sequences, log);
}

async function countSharedPages({ session, model }: Engine): Promise<EngineBenchResult['sharing']> {
  const promptTokens = Math.min(SHARING.promptTokens, model.contextLength - 1);
  const { sequence } = await session.prefill(
    Array.from({ length: promptTokens }, (_, i) => i % model.vocabularySize),
  );
  const all = [sequence, ...Array.from({ length: SHARING.lanes - 1 }, () => session.fork(sequence))];
  await session.step(all.map((each, token) => ({ sequence: each, token })));
  const { pagesUsed, pageTokens } = session.usage;
  for (const each of all) session.release(each);
  return {
    promptTokens,
    pages: pagesUsed,
    pagesUnshared: all.length * Math.ceil((promptTokens + 1) / pageTokens),
  };
}

async function profile(engine: Engine): Promise<EngineBenchResult['kernels']> {
  const { runtime } = engine.session as WebGpuSession;
  if (!runtime.startProfiling()) return [];
  const { sequence } = await engine.session.prefill(CHECK_TOKENS);
  await runtime.profiler!.collect();
  await engine.session.step([{ sequence, token: 5 }]);
  const times = await runtime.profiler!.collect();
  const byKernel = new Map<string, number>();
  for (const [label, spent] of times) {
    // One line per kernel, not per layer.
    const kernel = label.replace(/\bblk\.\d+\./g, '');
    byKernel.set(kernel, (byKernel.get(kernel) ?? 0) + spent);
  }
  return [...byKernel]
    .map(([label, milliseconds]) => ({ label, milliseconds }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

function timing(
  name: string,
  milliseconds: readonly number[],
  tokens: number,
  log: (line: string) => void,
): Timing {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  log(`${name}: ${median.toFixed(1)} ms`);
  return { milliseconds, median, tokensPerSecond: (tokens / median) * 1000 };
}
