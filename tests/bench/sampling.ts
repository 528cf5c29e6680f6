/**
 * Times the sampler on logits shaped like a language model's: a few likely tokens over a Gaussian bulk.
 * Run alone with `npm run bench -- sampling`.
 */
import { Rederiver } from '../../src/decoding/rederive.ts';
import type { Tokenizer } from '../../src/engines/contract.ts';
import { ScriptedTokenizer } from '../../src/engines/scripted/tokenizer.ts';
import { Candidates } from '../../src/sampling/candidates.ts';
import { ChainWatch } from '../../src/sampling/chain_watch.ts';
import { defaultParams, neutralParams } from '../../src/sampling/parameter_table.ts';
import { TEMPERATURE_FIRST_ORDER, type SamplingParams } from '../../src/sampling/params.ts';
import { uniform } from '../../src/sampling/rng.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { traceMemory } from '../../src/sampling/trace.ts';
import { drawView } from '../../src/worker/texts/draw_view.ts';
import { stepView } from '../../src/worker/texts/step_view.ts';

export interface SamplingFigure {
  readonly what: string;
  readonly candidates: number;
  /** Median and best of the repeats, in milliseconds. */
  readonly median: number;
  readonly best: number;
}

/** Logits [size] with mean 0 and deviation 2.5, and ten favourites that are 14 to 20 higher. */
function plausibleLogits(size: number, seed: number): Float32Array<ArrayBuffer> {
  const logits = Float32Array.from({ length: size }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, i, 0)));
    return 2.5 * radius * Math.cos(2 * Math.PI * uniform(seed, i, 1));
  });
  for (let i = 0; i < Math.min(10, size); i++) {
    logits[Math.floor(uniform(seed, i, 2) * size)] = 14 + 6 * uniform(seed, i, 3);
  }
  return logits;
}

async function time(
  what: string,
  candidates: number,
  repeats: number,
  work: (i: number) => void | Promise<void>,
): Promise<SamplingFigure> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const started = performance.now();
    await work(i);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { what, candidates, median: times[repeats >> 1]!, best: times[0]! };
}

function timeChain(
  what: string,
  size: number,
  params: SamplingParams,
  traced: boolean,
): Promise<SamplingFigure> {
  const rows = Array.from({ length: 8 }, (_, seed) => plausibleLogits(size, seed));
  const sampler = new Sampler(params, { vocabularySize: size }, new Candidates(size));
  const memory = traceMemory(size);
  const history = Array.from({ length: 200 }, (_, i) => Math.floor(uniform(99, i, 0) * size));
  return time(what, size, 80, (i) => {
    sampler.sample(rows[i % rows.length]!, { history, position: 200 + i });
    if (traced) sampler.trace(memory);
  });
}

function timeRederive(size: number, steps: number): Promise<SamplingFigure> {
  const rows = Array.from({ length: steps }, (_, seed) => plausibleLogits(size, seed));
  const prompt = [1, 2, 3];
  const tokens = [...prompt, ...rows.map((_, i) => Math.floor(uniform(5, i, 0) * size))];
  const text = { tokens, promptLength: prompt.length, stream: 0, byHand: new Set<number>() };
  const rederiver = new Rederiver(new ScriptedTokenizer(), size);
  return time(`re-derive ${steps} steps`, size, 12, async (i) => {
    const params = { ...defaultParams(), temperature: 0.5 + i / 10 };
    await rederiver.rederive(text, params, { from: prompt.length, rows, masks: [] });
  });
}

/** What the page asks for when a person points at a token, except the chain. */
function timeView(size: number): Promise<SamplingFigure> {
  const sampler = new Sampler(defaultParams(), { vocabularySize: size }, new Candidates(size));
  const tokenizer = { label: String } as unknown as Tokenizer;
  const traces = Array.from({ length: 8 }, (_, seed) => {
    sampler.sample(plausibleLogits(size, seed), { history: [1, 2, 3], position: 3 });
    return sampler.trace();
  });
  return time('inspect a step', size, 40, (i) => {
    const trace = traces[i % traces.length]!;
    stepView(trace, trace.token, true, tokenizer, 22);
  });
}

/** What the page asks for when a person looks at the draw of a step: the chain, the candidates and the bars. */
function timeDraw(what: string, size: number, params: SamplingParams): Promise<SamplingFigure> {
  const rows = Array.from({ length: 8 }, (_, seed) => plausibleLogits(size, seed));
  const sampler = new Sampler(params, { vocabularySize: size }, new Candidates(size));
  const tokenizer = { label: String } as unknown as Tokenizer;
  const memory = traceMemory(size);
  const watch = new ChainWatch();
  return time(what, size, 40, (i) => {
    sampler.sample(rows[i % rows.length]!, { history: [1, 2, 3], position: 3 }, watch);
    const trace = sampler.trace(memory);
    const view = stepView(trace, trace.token, true, tokenizer, 22);
    drawView(trace, watch.between, view, true, tokenizer);
  });
}

export async function benchSampling(): Promise<SamplingFigure[]> {
  const everything: SamplingParams = {
    ...defaultParams(),
    repeatPenalty: 1.1,
    frequencyPenalty: 0.1,
    dryMultiplier: 0.8,
    topNSigma: 3,
    typicalP: 0.9,
    xtcProbability: 0.5,
    dynatempRange: 0.3,
  };
  const figures: SamplingFigure[] = [];
  for (const size of [4096, 32_000, 151_936]) {
    const chain = async (what: string, params: SamplingParams, traced = true): Promise<void> =>
      void figures.push(await timeChain(what, size, params, traced));
    await chain('default chain, no trace', defaultParams(), false);
    await chain('default chain with trace', defaultParams());
    await chain('temperature first, with trace', { ...defaultParams(), order: TEMPERATURE_FIRST_ORDER });
    await chain('top-p .95 alone, with trace', { ...neutralParams(), topP: 0.95 });
    await chain('typical-p .9 alone, with trace', { ...neutralParams(), typicalP: 0.9 });
    await chain('every stage, with trace', everything);
    figures.push(await timeView(size));
    figures.push(await timeDraw('inspect a step and its draw, with the chain', size, defaultParams()));
    const heated = { ...defaultParams(), order: TEMPERATURE_FIRST_ORDER };
    figures.push(await timeDraw('the same, temperature first', size, heated));
  }
  return [...figures, await timeRederive(4096, 200)];
}
