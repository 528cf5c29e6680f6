/**
 * `npm run --silent headless -- --model FILE --prompt TEXT`: runs the engine without a page, in Node on Dawn. With --json, stdout gets
 * only JSON (scripts/headless/output.ts); otherwise it gets the text as it comes. An error is one sentence on stderr; the exit code
 * is then 1, or 2 for an invalid command line.
 */
import {
  type ByteSource,
  type Engine,
  EngineError,
  type TokenId,
  type Tokenizer,
} from '../src/engines/contract.ts';
import { runDecoding } from '../src/decoding/decode.ts';
import { laneConstraints } from '../src/decoding/grammar/compile.ts';
import { LogitMemory } from '../src/decoding/logit_memory.ts';
import { loadWebGpuEngine } from '../src/engines/webgpu/engine.ts';
import { DeviceCounter } from '../src/engines/webgpu/gpu/device_counter.ts';
import { openGguf } from '../src/engines/gguf/header.ts';
import { createTokenizer } from '../src/engines/tokenizer/tokenizer.ts';
import { SamplingError } from '../src/sampling/errors.ts';
import { matchPattern } from './headless/match_pattern.ts';
import { type HeadlessArguments, UsageError, readArguments, usage } from './headless/arguments.ts';
import { buildOutput, shownBranch } from './headless/output.ts';
import { rederive, scoreText } from './headless/questions.ts';
import { RunRecorder } from './headless/recorder.ts';
import { type TokenScore, scoreToken } from './headless/scores.ts';
import { countSteps, tapPrompt, withSession } from './headless/taps.ts';
import { nodeFileSource } from './node_file.ts';
import { openBestAdapter } from './setup/adapters.ts';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

/** Waits until the reader has taken the text: a pipe holds 64 kB, and a process that exits drops the rest. */
function print(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => (error ? reject(error) : resolve())),
  );
}

function promptTokens(args: HeadlessArguments, tokenizer: Tokenizer): readonly TokenId[] {
  const { prompt, addSpecial, parseSpecial } = args;
  switch (prompt.kind) {
    case 'tokens':
      return prompt.tokens;
    case 'text':
      return tokenizer.encode(prompt.text, { addSpecial, parseSpecial });
    case 'chat': {
      const messages = [
        ...(prompt.system === null ? [] : [{ role: 'system' as const, content: prompt.system }]),
        { role: 'user' as const, content: prompt.text },
      ];
      return tokenizer.encodeChat(messages).tokens;
    }
  }
}

async function tokenize(args: HeadlessArguments, source: ByteSource): Promise<void> {
  const { metadata } = await openGguf(source);
  const tokens = promptTokens(args, createTokenizer(metadata));
  const name = metadata.string('general.name', source.name);
  const model = { name, architecture: metadata.string('general.architecture', 'unknown') };
  await print(args.json ? `${JSON.stringify({ model, prompt: { tokens } })}\n` : `${tokens.join(' ')}\n`);
}

async function loadEngine(
  args: HeadlessArguments,
  source: ByteSource,
  counter: DeviceCounter,
): Promise<Engine> {
  const adapter = await openBestAdapter(args.adapter ?? undefined);
  if (adapter === null) {
    const wanted = args.adapter === null ? 'WebGPU adapter' : `adapter named "${args.adapter}"`;
    throw new EngineError(
      'no-adapter',
      `There is no ${wanted} on this machine; "npm run setup" installs a software one.`,
    );
  }
  return loadWebGpuEngine(source, {
    gpu: adapter.gpu,
    signal: stop.signal,
    onDevice: (device) => counter.watch(device),
    ...(args.contextLength === null ? {} : { contextLength: args.contextLength }),
  });
}

async function score(args: HeadlessArguments, source: ByteSource, text: string): Promise<void> {
  const engine = await loadEngine(args, source, new DeviceCounter());
  const prompt = promptTokens(args, engine.tokenizer);
  const found = await scoreText(engine, prompt, args.lanes[0]!, text, stop.signal);
  if (args.json)
    await print(`${JSON.stringify({ model: engine.model, prompt: { tokens: prompt }, score: found })}\n`);
  else {
    const rows = found.tokens.map(({ text: label, logprob, rank, finalLogprob, removedBy }) =>
      [
        JSON.stringify(label).padEnd(16),
        logprob.toFixed(4).padStart(10),
        `rank ${rank}`.padEnd(12),
        finalLogprob === null ? `removed by ${removedBy}` : `after the chain ${finalLogprob.toFixed(4)}`,
      ].join('  '),
    );
    await print(
      `${rows.join('\n')}\nlogprob ${found.logprob.toFixed(4)}, perplexity ${found.perplexity.toFixed(2)}\n`,
    );
  }
  engine.dispose();
}

async function generate(args: HeadlessArguments, source: ByteSource): Promise<void> {
  const started = performance.now();
  const counter = new DeviceCounter();
  const engine = await loadEngine(args, source, counter);
  const loadMs = performance.now() - started;
  const prompt = promptTokens(args, engine.tokenizer);
  const { scorePrompt, strategy, stop: stopConditions } = args.decoding;

  const promptScores: (TokenScore | null)[] = [null];
  const steady = countSteps(engine.session, counter);
  const session = tapPrompt(steady.session, (position, logits) => {
    const next = prompt[position + 1];
    if (next !== undefined) promptScores[position + 1] = scoreToken(logits, next, args.logprobs);
  });
  const recorder = new RunRecorder();
  const memory = args.rederive.length > 0 ? new LogitMemory() : null;
  // The text of a single sequence is streamed; several would mix.
  const streams =
    !args.json && args.lanes.length === 1 && (strategy.kind === 'sample' || strategy.kind === 'greedy');
  let [text, shown] = ['', 0];
  const result = await runDecoding(
    withSession(engine, scorePrompt ? session : steady.session),
    {
      prompt,
      strategy,
      lanes: args.lanes.map((params) => ({ params })),
      stop: stopConditions,
      scorePrompt,
      topCandidates: args.logprobs,
    },
    {
      signal: stop.signal,
      matchPattern,
      ...(memory ? { memory } : {}),
      constraint: await laneConstraints(args.lanes, engine.tokenizer),
      onEvent: (event) => {
        recorder.onEvent(event);
        if (!streams || event.type !== 'step') return;
        for (const { piece, visible } of event.records) {
          text += piece;
          process.stdout.write(text.slice(shown, visible));
          shown = Math.max(shown, visible);
        }
      },
    },
  );
  const rederived =
    memory === null ? [] : await rederive(engine, memory, prompt, result.branches[0]!.tokens, args.rederive);
  if (args.json) {
    const output = buildOutput({
      model: engine.model,
      engine: engine.describe(),
      promptTokens: prompt,
      promptScores: scorePrompt ? promptScores : null,
      result,
      recorder,
      rederived,
      loadMs,
      counters: steady.counters(engine),
    });
    await print(`${JSON.stringify(output)}\n`);
  } else if (streams) {
    await print(`${result.branches[0]!.text.slice(shown)}\n`);
  } else {
    await print(
      args.lanes.length > 1
        ? result.branches.map((b) => `--- lane ${b.lane}\n${b.text}\n`).join('')
        : `${shownBranch(result).text}\n`,
    );
  }
  if (!args.json) {
    for (const { flags, tokens, firstDivergence: at } of rederived) {
      const words =
        at === null
          ? 'the same text'
          : `parts at output token ${at}, with ${JSON.stringify(engine.tokenizer.label(tokens[at]!))}`;
      await print(`--- ${flags}: ${words}\n`);
    }
  }
  engine.dispose();
  if (result.error !== null) fail(result.error.message, 1);
}

function fail(message: string, code: number): void {
  process.stderr.write(`headless: ${message}\n`);
  process.exitCode = code;
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args === null) return print(`${usage()}\n`);
  const source = await nodeFileSource(args.model);
  try {
    if (args.tokenizeOnly) await tokenize(args, source);
    else if (args.continuation !== null) await score(args, source, args.continuation);
    else await generate(args, source);
  } finally {
    await source.close();
  }
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError || error instanceof SamplingError;
  if (!isUsage && !(error instanceof EngineError)) throw error;
  fail(error.message, isUsage ? 2 : 1);
}
// Dawn's threads would keep the process alive for a while.
process.exit();
