/**
 * Tests the page's adapter with a real llama.cpp server, on the model that comes with the page: compares the server's chain with
 * ours, and its replies with the adapter's results.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenAiEngine } from '../../src/engines/openai/engine.ts';
import { OwnTokens } from '../../src/engines/openai/own_tokens.ts';
import type { DrawnToken, Piece } from '../../src/engines/openai/replies.ts';
import { OpenAiServer } from '../../src/engines/openai/server.ts';
import embedded from '../../src/models/embedded.json' with { type: 'json' };
import { defaultParams, neutralParams, PARAMETERS } from '../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../src/sampling/params.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { serverFields } from '../../src/worker/server/server_parameters.ts';
import {
  findLlamaServer,
  HOW_TO_GET_ONE,
  type LlamaServer,
  startLlamaServer,
} from '../setup/llama_server.ts';

const found = findLlamaServer();
const MODEL = embedded.fileName;
const VOCABULARY = 4096;

if (!found) test.skip(HOW_TO_GET_ONE);
describe.runIf(found)(`a llama.cpp server (${found?.version ?? 'none here'})`, () => {
  let server: LlamaServer;
  let model: OpenAiEngine;
  beforeAll(async () => {
    server = await startLlamaServer(found!.program, ['-c', '512', '-np', '1']);
    model = await OpenAiEngine.open({ baseUrl: server.baseUrl }, MODEL);
  });
  afterAll(() => server.stop());

  async function generate(
    prompt: string,
    parameters: Record<string, unknown>,
    maxTokens = 24,
    signal = new AbortController().signal,
  ): Promise<{ tokens: DrawnToken[]; pieces: Piece[] }> {
    const pieces: Piece[] = [];
    const tokens = model.tokenizer.encode(prompt);
    for await (const piece of model.generate(tokens, { maxTokens, parameters, signal })) pieces.push(piece);
    return { pieces, tokens: pieces.flatMap((piece) => piece.tokens) };
  }

  /** The server's whole distribution of the first token, raw or after its chain. */
  async function first(
    prompt: string,
    fields: Record<string, unknown>,
    after: boolean,
  ): Promise<Float64Array> {
    const response = await fetch(`${server.baseUrl}/completions`, {
      method: 'POST',
      body: JSON.stringify({
        prompt,
        max_tokens: 1,
        logprobs: VOCABULARY,
        ...fields,
        post_sampling_probs: after,
      }),
    });
    expect(response.status).toBe(200);
    const reply = (await response.json()) as {
      choices: [
        { logprobs: { content: [Record<string, { id: number; prob?: number; logprob?: number }[]>] } },
      ];
    };
    const [drawn] = reply.choices[0].logprobs.content;
    const row = new Float64Array(VOCABULARY).fill(after ? 0 : -Infinity);
    for (const { id, prob, logprob } of drawn[after ? 'top_probs' : 'top_logprobs']!)
      row[id] = (after ? prob : logprob)!;
    return row;
  }

  test('names its model', () => {
    expect(model.model).toMatchObject({ name: MODEL, contextLength: 512, vocabularySize: VOCABULARY });
  });

  // Our chain runs on the server's own raw distribution, so that only the chain can differ. Logprobs are logits up to a
  // constant, which affects no stage except the repeat penalty.
  const base = neutralParams();
  const chains: [string, SamplingParams][] = [
    ['the default one', defaultParams()],
    ['none', base],
    [
      'temperature first',
      { ...defaultParams(), order: ['temperature', 'top_k', 'top_p', 'min_p'], temperature: 2 },
    ],
    [
      'temperature last',
      { ...defaultParams(), order: ['top_k', 'top_p', 'min_p', 'temperature'], temperature: 2 },
    ],
    ['a stage that is off', { ...defaultParams(), off: ['top_p', 'min_p'], topK: 7 }],
    ['typical-p', { ...base, typicalP: 0.6 }],
    ['top-nσ', { ...base, topNSigma: 1 }],
    ['XTC at every step', { ...base, xtcProbability: 1, xtcThreshold: 0.05 }],
    ['dynamic temperature', { ...base, temperature: 1, dynatempRange: 0.5, dynatempExponent: 2 }],
    ['penalties', { ...base, frequencyPenalty: 0.5, presencePenalty: 0.7 }],
    ['penalties over all', { ...base, frequencyPenalty: 1.5, penaltyLastN: -1 }],
    ['penalties over three tokens', { ...base, frequencyPenalty: -8, penaltyLastN: 3 }],
    ['DRY', { ...base, dryMultiplier: 2, dryLastN: -1 }],
    ['at least so many', { ...base, topP: 0.1, minKeep: 5 }],
  ];
  test.each(chains)('runs the chain that is asked of it: %s', async (_name, params) => {
    const text = 'The cat sat on the mat. The cat sat on the mat. The cat sat on';
    const { tokens } = (await (
      await fetch(`http://${server.host}/tokenize`, {
        method: 'POST',
        body: JSON.stringify({ content: text, add_special: true }),
      })
    ).json()) as { tokens: number[] };
    const fields = serverFields(params, 'llamacpp', false);
    const raw = await first(text, fields, false);
    const theirs = await first(text, fields, true);
    const sampler = new Sampler(params, { vocabularySize: VOCABULARY });
    for (const token of tokens) sampler.accept(token);
    sampler.sample(Float32Array.from(raw), { history: tokens, position: tokens.length });
    let moved = 0;
    for (let id = 0; id < VOCABULARY; id++) {
      const ours = Math.exp(sampler.finalLogprob(id));
      expect(Math.abs(ours - theirs[id]!), `of token ${id}`).toBeLessThan(1e-5);
      moved = Math.max(moved, Math.abs(ours - Math.exp(raw[id]!)));
    }
    // The chain must do something, or the test would prove nothing.
    if (params !== base) expect(moved).toBeGreaterThan(1e-3);
  });

  test('takes every number that the page can send', async () => {
    for (const row of PARAMETERS) {
      for (const value of [row.min, row.max, row.default]) {
        const fields = serverFields({ ...defaultParams(), [row.key]: value }, 'llamacpp', false);
        const { pieces } = await generate('Once', fields, 2);
        expect(pieces.at(-1)!.finish, `${row.key} ${value}`).toMatch(/^(length|stop)$/);
      }
    }
  });

  test('draws the same text from the same seed, and another from another', async () => {
    const texts: string[] = [];
    for (const seed of [5, 5, 4_294_967_295, 4_294_967_295, 6]) {
      const fields = serverFields({ ...neutralParams(), seed }, 'llamacpp', false);
      texts.push((await generate('Once upon a time', fields)).tokens.map((token) => token.text).join(''));
    }
    expect(texts[0]).toBe(texts[1]);
    expect(texts[2]).toBe(texts[3]);
    expect(new Set(texts).size).toBe(3);
  });

  test('gives bytes for partial characters that it lists, and does not report the others', async () => {
    const fields = { temperature: 0, grammar: 'root ::= " né🦊"' };
    const { tokens: few, pieces } = await generate('Once upon a time', fields, 30);
    expect(pieces.at(-1)!.counted).toBe(9);
    expect(few.map(({ text: own, logprob }) => [own, logprob === null])).toEqual([
      [' ', false],
      ['n', false],
      ['é', true],
      ['🦊', true],
      ['', false],
    ]);
    const all: DrawnToken[] = [];
    const own = new OwnTokens();
    const stream = new OpenAiServer({ baseUrl: server.baseUrl }).generate({
      model: MODEL,
      prompt: { text: 'Once upon a time' },
      maxTokens: 30,
      topLogprobs: VOCABULARY,
      parameters: { ...fields, timings_per_token: true },
      signal: new AbortController().signal,
    });
    for await (const piece of stream) all.push(...own.separate(piece).tokens);
    expect(all.map(({ bytes, logprob }) => [[...bytes!], logprob === null])).toEqual([
      [[0x20], false],
      [[0x6e], false],
      [[0xc3], true],
      [[0xa9], false],
      [[0xf0, 0x9f, 0xa6], true],
      [[0x8a], false],
      [[], false],
    ]);
  });

  test('stops when the run is aborted', async () => {
    const stop = new AbortController();
    const pieces: Piece[] = [];
    const prompt = model.tokenizer.encode('Once upon a time');
    const parameters = { temperature: 0, ignore_eos: true };
    const asked = { maxTokens: 450, parameters, signal: stop.signal };
    const error = await (async () => {
      for await (const piece of model.generate(prompt, asked)) if (pieces.push(piece) === 3) stop.abort();
    })().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'aborted' });
    expect(pieces.length).toBeLessThan(450);
    // The server stops too: its only slot is free long before the text would have ended.
    await expect
      .poll(async () => (await (await fetch(`http://${server.host}/slots`)).json()) as unknown, {
        timeout: 5000,
      })
      .toMatchObject([{ is_processing: false }]);
  });

  test('continues its own text', async () => {
    const greedy = { temperature: 0 };
    const whole = await generate('Once upon a time', greedy, 12);
    const prompt = model.tokenizer.encode('Once upon a time');
    const begun = [...prompt, ...whole.tokens.slice(0, 5).map((token) => model.tokenizer.idOf(token))];
    const rest: DrawnToken[] = [];
    const asked = { maxTokens: 7, parameters: greedy, signal: new AbortController().signal };
    for await (const piece of model.generate(begun, asked)) rest.push(...piece.tokens);
    expect(rest.map(({ id }) => id)).toEqual(whole.tokens.slice(5).map(({ id }) => id));
  });

  test('that dies in the middle is reported as a lost connection', async () => {
    const dying = await startLlamaServer(found!.program, ['-c', '512', '-np', '1']);
    const engine = await OpenAiEngine.open({ baseUrl: dying.baseUrl }, MODEL);
    const asked = {
      maxTokens: 450,
      parameters: { temperature: 0, ignore_eos: true },
      signal: new AbortController().signal,
    };
    const error = await (async () => {
      for await (const piece of engine.generate(engine.tokenizer.encode('Once'), asked))
        if (piece.counted === 3) await dying.stop();
    })().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'network' });
    expect(String(error)).toMatch(/ended in the middle of the text/);
  });
});
