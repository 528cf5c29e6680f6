/**
 * `npm run bench`: measures the time of the sampler, and the speed and counters of the engine, for a model file or for random weights
 * in a published shape. It prints tables and writes the same numbers as JSON. It checks outputs first, and says if the adapter is
 * software.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type EngineBenchResult, type Timing, benchEngine } from '../tests/bench/engine.ts';
import { type SamplingFigure, benchSampling } from '../tests/bench/sampling.ts';
import { randomModelSource } from '../tests/bench/random_source.ts';
import { specOf } from '../tests/bench/shapes.ts';
import { nodeFileSource } from './node_file.ts';
import { openBestAdapter } from './setup/adapters.ts';

const USAGE = `npm run bench -- [sampling | engine] [options]
  --model FILE         a GGUF file; without it, random weights in the shape and format below
  --shape NAME         smollm2-135m (default) or qwen2.5-0.5b
  --format NAME        block format of the random weights (default Q4_0)
  --adapter NAME       hardware, llvmpipe or swiftshader; the quickest by default
  --prefill N          tokens of the prompt (default 64)
  --decode N           tokens decoded in a run (default 8)
  --runs N             each figure is the median of so many (default 5)
  --out FILE           the JSON (default test-results/bench.json)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    shape: { type: 'string', default: 'smollm2-135m' },
    format: { type: 'string', default: 'Q4_0' },
    adapter: { type: 'string' },
    prefill: { type: 'string', default: '64' },
    decode: { type: 'string', default: '8' },
    runs: { type: 'string', default: '5' },
    out: { type: 'string', default: 'test-results/bench.json' },
    help: { type: 'boolean', default: false },
  },
});

function count(name: 'prefill' | 'decode' | 'runs'): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is ${values[name]}, and must be 1 or more.`);
  return value;
}

function speed(name: string, { median, milliseconds, tokensPerSecond }: Timing, words: string): void {
  const spread = `${Math.min(...milliseconds).toFixed(1)} to ${Math.max(...milliseconds).toFixed(1)}`;
  console.log(
    `${name.padEnd(26)}${median.toFixed(1).padStart(9)} ms  ${words}  (${spread}; ${tokensPerSecond.toFixed(1)} tokens/s)`,
  );
}

function print({ model, engine, ...result }: EngineBenchResult, title: string): void {
  const { name, layers, parameters, weightBytes } = model;
  console.log(
    `\n${title}: ${name}, ${layers} layers, ${(parameters / 1e6).toFixed(0)} M parameters, ${(weightBytes / 1e6).toFixed(0)} MB`,
  );
  console.log(
    `${engine.adapter}${engine.software ? ' (software adapter: its speeds say nothing about a GPU)' : ''}`,
  );
  const { otherVariant, difference } = result.check;
  console.log(
    `checked against its ${otherVariant} variant: logprobs differ by ${difference.toExponential(1)} at most\n`,
  );
  speed('prefill', result.prefill, `for ${result.prefill.tokens} tokens`);
  for (const lane of result.decode) {
    const name = lane.sequences === 1 ? 'decode, one sequence' : `decode, ${lane.sequences} sequences`;
    speed(name, lane, `a step, ${lane.dispatches} dispatches`);
  }
  console.log(`${'load'.padEnd(26)}${result.loadMs.toFixed(0).padStart(9)} ms`);
  const { promptTokens, pages, pagesUnshared } = result.sharing;
  console.log(
    `KV pages of eight forks of ${promptTokens} tokens: ${pages}, and ${pagesUnshared} without sharing`,
  );
  console.log('\na decoded token at the device:');
  for (const [key, value] of Object.entries(result.counters ?? {}))
    console.log(`  ${key.padEnd(24)}${value.toLocaleString('en')}`);
  if (result.kernels.length > 0) console.log('\na decoded token by kernel, GPU time:');
  for (const { label, milliseconds } of result.kernels)
    console.log(`  ${label.padEnd(44)}${milliseconds.toFixed(3).padStart(10)} ms`);
}

async function benchSampler(): Promise<SamplingFigure[]> {
  const figures = await benchSampling();
  console.log('the sampler, milliseconds per step (median, best):');
  for (const { what, candidates, median, best } of figures) {
    const size = candidates.toLocaleString('en').padStart(8);
    console.log(
      `  ${what.padEnd(32)}${size}${median.toFixed(3).padStart(10)}${best.toFixed(3).padStart(10)}`,
    );
  }
  return figures;
}

async function benchModel(): Promise<object> {
  const adapter = await openBestAdapter(values.adapter);
  if (adapter === null)
    throw new Error('There is no such WebGPU adapter here; run "npm run setup", or drop --adapter.');
  const file = values.model === undefined ? null : await nodeFileSource(values.model);
  const source = file ?? randomModelSource(specOf(values.shape, values.format));
  const result = await benchEngine(source, {
    gpu: adapter.gpu,
    prefillTokens: count('prefill'),
    decodeTokens: count('decode'),
    runs: count('runs'),
    log: (line) => console.error(line),
  });
  await file?.close();
  const { model, shape, format } = values;
  print(result, model ?? `random weights, shape ${shape}, ${format}`);
  return { ...(model === undefined ? { shape, format } : { file: model }), ...result };
}

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE);
  const [part, ...more] = positionals;
  if (more.length > 0 || (part !== undefined && part !== 'sampling' && part !== 'engine')) {
    throw new Error(
      `"${positionals.join(' ')}" is not a part of the bench; its parts are sampling and engine.`,
    );
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    platform: process.platform,
    node: process.version,
  };
  const report = {
    date: new Date().toISOString(),
    machine,
    ...(part === 'engine' ? {} : { sampling: await benchSampler() }),
    ...(part === 'sampling' ? {} : { engine: await benchModel() }),
  };
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nwritten to ${values.out}`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}
// Dawn's threads would keep the process alive for a while.
process.exit();
