/** Runs the headless command as a script would, and checks its JSON and exit codes, on random models and stories260K. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HeadlessOutput } from '../../scripts/headless/output.ts';
import type { ScoreOutput } from '../../scripts/headless/questions.ts';
import { bufferSource } from '../../src/engines/gguf/sources.ts';
import { openGguf } from '../../src/engines/gguf/header.ts';
import { type ModelSpec, makeModel } from '../models/make_model.ts';
import { plainForward, readPlainModel } from '../reference/plain_forward.ts';

const SPEC: ModelSpec = {
  seed: 7,
  architecture: 'llama',
  format: 'Q8_0',
  vocabularySize: 333,
  contextLength: 256,
  layers: 3,
  embeddingLength: 96,
  feedForwardLength: 160,
  heads: 6,
  kvHeads: 2,
  tied: false,
};
const PROMPT = [1, 300, 12, 77, 290];
const folder = mkdtempSync(join(tmpdir(), 'logitscope-headless-'));
const model = join(folder, 'random.gguf');
const stories = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'models/stories260K.gguf');

beforeAll(() => writeFileSync(model, makeModel(SPEC)));
afterAll(() => rmSync(folder, { recursive: true }));

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function headless(...args: readonly string[]): Promise<Finished> {
  return new Promise((done) => {
    const options = { maxBuffer: 1 << 28 };
    execFile('node', ['scripts/run.mjs', 'headless', ...args], options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function run(...args: readonly string[]): Promise<HeadlessOutput> {
  const { code, stdout, stderr } = await headless(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as HeadlessOutput;
}

function logSoftmax(logits: Float64Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const normaliser = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
  return logits.map((logit) => logit - normaliser);
}

describe('on a random model', () => {
  test('gives the tokens and logprobs of plain f64 loops, prompt included', async () => {
    const plain = await readPlainModel(await openGguf(bufferSource('random.gguf', makeModel(SPEC))));
    const output = await run(
      ...[
        '--model',
        model,
        '--tokens',
        PROMPT.join(','),
        '--temperature',
        '0',
        '--max-tokens',
        '6',
        '--ignore-eos',
        'true',
      ],
      ...['--logprobs', '333', '--prompt-logprobs'],
    );
    const { prompt, completion } = output;
    const tokens = [...prompt.tokens, ...completion.tokens.map(({ id }) => id)];
    const expected = plainForward(plain, tokens).map(logSoftmax);

    expect(prompt.tokens).toEqual(PROMPT);
    expect(prompt.logprobs![0]).toBeNull();
    expect(completion.stop).toBe('max-tokens');
    const scored = [...prompt.logprobs!.slice(1), ...completion.tokens];
    expect(scored).toHaveLength(PROMPT.length - 1 + 6);
    scored.forEach((each, i) => {
      const { id, logprob, rank, top } = each!;
      expect(id).toBe(tokens[i + 1]);
      expect(Math.abs(logprob - expected[i]![id]!)).toBeLessThan(1e-4);
      expect(rank).toBe(1 + expected[i]!.filter((other) => other > expected[i]![id]!).length);
      expect(top.map(([token]) => token).sort((a, b) => a - b)).toEqual([...expected[i]!.keys()]);
      top.forEach(([token, value], place) => {
        expect(Math.abs(value - expected[i]![token]!)).toBeLessThan(1e-4);
        if (place > 0) expect(value).toBeLessThanOrEqual(top[place - 1]![1]);
      });
    });
    for (const { rank } of completion.tokens) expect(rank).toBe(1);
  });

  test('counts at the device the cost per token, with no more dispatches for sixteen sequences', async () => {
    const common = [
      '--model',
      model,
      '--tokens',
      PROMPT.join(','),
      '--max-tokens',
      '8',
      '--ignore-eos',
      'true',
    ];
    const lanes = Array.from({ length: 16 }, (_, seed) => [
      '--lane',
      `--seed ${seed} --temperature 1.5`,
    ]).flat();
    const [one, sixteen] = [await run(...common), await run(...common, ...lanes)];
    expect(one.counters).toMatchObject({ submits: 1, buffersCreated: 0, bindGroupsCreated: 0 });
    expect(one.counters!.writeBuffers).toBeLessThanOrEqual(1);
    expect(one.counters!.dispatches).toBeLessThanOrEqual(8 * SPEC.layers + 8);
    expect(one.counters!.readbackBytes).toBe(4 * SPEC.vocabularySize + 4);
    const matrices = [
      ...(await openGguf(bufferSource('random.gguf', makeModel(SPEC)))).tensors.values(),
    ].filter(({ name }) => name !== 'token_embd.weight');
    const fileBytes = matrices.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(one.counters!.weightBytes).toBeGreaterThan(0.9 * fileBytes);
    expect(one.counters!.weightBytes).toBeLessThanOrEqual(1.1 * fileBytes);

    expect(sixteen.completions).toHaveLength(16);
    expect(sixteen.counters).toMatchObject({ submits: 1, buffersCreated: 0, bindGroupsCreated: 0 });
    expect(sixteen.counters!.dispatches).toBe(one.counters!.dispatches);
    expect(new Set(sixteen.completions!.map(({ text }) => text)).size).toBeGreaterThan(8);
  });

  test('gives the same text for the same seed, and stops at a stop sequence', async () => {
    const common = [
      '--model',
      model,
      '--prompt',
      'the letters',
      '--temperature',
      '1',
      '--max-tokens',
      '20',
      '--seed',
      '5',
    ];
    const [first, again] = [await headless(...common), await headless(...common)];
    expect(first).toMatchObject({ code: 0, stdout: again.stdout });
    const text = first.stdout.slice(0, -1);
    const stop = text.slice(4, 7);
    const cut = await run(...common, '--stop', stop);
    expect(cut.completion).toMatchObject({ stop: 'stop-sequence', text: text.slice(0, text.indexOf(stop)) });
  });

  test('keeps sixteen sequences at a high temperature to a grammar, and says where a bad grammar has its error', async () => {
    const free = [
      '--top-k',
      '0',
      '--top-p',
      '1',
      '--min-p',
      '0',
      '--temperature',
      '1.5',
      '--max-tokens',
      '120',
    ];
    const seeds = Array.from({ length: 16 }, (_, seed) => ['--lane', `--seed ${seed}`]).flat();
    const given = ['--model', model, '--tokens', PROMPT.join(','), ...free];
    const pattern = '[a-z]{1,3}[^a-z"]{2}(é|\\d){1,2}';
    const { completions: lanes } = await run(...given, ...seeds, '--regex', pattern);
    expect(lanes).toHaveLength(16);
    for (const { text, stop } of lanes!) {
      expect(stop).toBe('end-of-generation');
      expect(text).toMatch(new RegExp(`^(?:${pattern})$`, 'u'));
    }
    expect(new Set(lanes!.map(({ text }) => text)).size).toBeGreaterThan(8);
    const bad = await headless(...given, '--regex', 'a(b');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(/parenthesis is not closed\. \(line 1, column 4\)/);
  });

  test('scores a given text with --continuation as plain f64 loops do', async () => {
    const plain = await readPlainModel(await openGguf(bufferSource('random.gguf', makeModel(SPEC))));
    const given = ['--model', model, '--tokens', PROMPT.join(','), '--continuation', 'an odd text', '--json'];
    const neutral = ['--top-k', '0', '--top-p', '1', '--min-p', '0', '--temperature', '0.5'];
    const { code, stdout } = await headless(...given, ...neutral);
    expect(code).toBe(0);
    const { score } = JSON.parse(stdout) as { score: ScoreOutput };
    expect(score.tokens.length).toBeGreaterThan(3);
    const all = [...PROMPT, ...score.tokens.map(({ id }) => id)];
    const logits = plainForward(plain, all);
    let [sum, cold] = [0, 0];
    score.tokens.forEach(({ id, logprob, rank, finalLogprob }, i) => {
      const row = logits[PROMPT.length - 1 + i]!;
      const expected = logSoftmax(row);
      const halved = logSoftmax(row.map((logit) => logit / 0.5));
      expect(Math.abs(logprob - expected[id]!)).toBeLessThan(1e-4);
      expect(rank).toBe(1 + expected.filter((other) => other > expected[id]!).length);
      expect(Math.abs(finalLogprob! - halved[id]!)).toBeLessThan(1e-3);
      sum += expected[id]!;
      cold += halved[id]!;
    });
    expect(Math.abs(score.logprob - sum)).toBeLessThan(1e-3);
    expect(Math.abs(score.finalLogprob! - cold)).toBeLessThan(1e-2);
  });

  test('says with --rederive where a run with other flags diverges', async () => {
    const given = [
      '--model',
      model,
      '--tokens',
      PROMPT.join(','),
      '--max-tokens',
      '20',
      '--ignore-eos',
      'true',
    ];
    const others = ['--temperature 3 --top-k 0', '--seed 42'];
    const flags = others.flatMap((other) => ['--rederive', other]);
    const first = await run(...given, ...flags);
    const hot = await run(...given, '--temperature', '3', '--top-k', '0');
    const ids = ({ completion }: HeadlessOutput) => completion.tokens.map(({ id }) => id);
    const parting = ids(first).findIndex((id, i) => id !== ids(hot)[i]);
    expect(parting).toBeGreaterThanOrEqual(0);
    expect(first.rederived).toHaveLength(2);
    expect(first.rederived![0]).toMatchObject({ flags: others[0], firstDivergence: parting });
    expect(first.rederived![0]!.tokens[parting]).toBe(ids(hot)[parting]);
    expect(first.rederived![1]).toMatchObject({ tokens: ids(first), firstDivergence: null });
  });

  test('stops after the token ids with --tokenize', async () => {
    const { stdout } = await headless('--model', model, '--prompt', 'the model', '--tokenize');
    const { prompt } = JSON.parse(
      (await headless('--model', model, '--prompt', 'the model', '--tokenize', '--json')).stdout,
    ) as HeadlessOutput;
    expect(stdout).toBe(`${prompt.tokens.join(' ')}\n`);
    expect(prompt.tokens[0]).toBe(1);
  });

  test.each([
    [
      'a file that is not there',
      ['--model', '/nowhere/a.gguf', '--prompt', 'a'],
      1,
      '/nowhere/a.gguf cannot be opened',
    ],
    ['a token that is not in the vocabulary', ['--tokens', '1,333'], 1, 'Token 333 is not in the vocabulary'],
    ['a prompt over the context', ['--tokens', PROMPT.join(','), '--context', '4'], 1, '5 tokens'],
    [
      'an adapter that is not there',
      ['--prompt', 'a', '--adapter', 'voodoo'],
      1,
      'no adapter named "voodoo"',
    ],
    ['no text to score', ['--prompt', 'a', '--continuation', ''], 1, '--continuation has no text'],
    [
      'a re-derivation of several lanes',
      ['--prompt', 'a', '--lane', '--seed 1', '--rederive', '--seed 2'],
      2,
      '--rederive needs one text',
    ],
    ['an unknown flag', ['--prompt', 'a', '--hot'], 2, '"--hot" is not an option'],
  ])('refuses in one sentence: %s', async (_, args, code, words) => {
    const finished = await headless('--model', model, ...args);
    expect(finished.code).toBe(code);
    expect(finished.stdout).toBe('');
    const lines = finished.stderr.split('\n').filter((line) => line.startsWith('headless: '));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(words);
  });
});

describe.skipIf(!existsSync(stories))('on stories260K (../shared/models)', () => {
  test('writes the story that llama.cpp writes', async () => {
    const { code, stdout } = await headless(
      ...['--model', stories, '--prompt', 'Once upon a time', '--temperature', '0', '--max-tokens', '46'],
    );
    expect(code).toBe(0);
    expect(stdout).toContain(
      ', there was a little girl named Lily. She loved to play outside in the park. One day, she saw',
    );
  });
});
