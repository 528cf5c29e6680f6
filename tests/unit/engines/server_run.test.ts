/** A server's model through the worker, as the page uses it: the same host, a real HTTP server, replies of each kind. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ServerVocabulary } from '../../../src/engines/openai/vocabulary.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import type { LineEvent, LineStep, RunRequest } from '../../../src/worker/api.ts';
import { WorkerHost } from '../../../src/worker/host.ts';
import { serverParameters, takenBy } from '../../../src/worker/server_parameters.ts';
import * as replies from './server_replies.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

let asked: Record<string, unknown>[] = [];

async function load(kind: keyof typeof replies.models, text: string): Promise<WorkerHost> {
  asked = [];
  const listener: RequestListener = async (request, response) => {
    if (request.method === 'GET') return void response.end(JSON.stringify(replies.models[kind]));
    asked.push({ path: request.url, ...(await bodyOf(request)) });
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  };
  server = createServer(listener);
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const host = new WorkerHost();
  const model = replies.models[kind].data[0].id;
  await host.load({ kind: 'server', baseUrl, model, key: '' }, () => undefined);
  return host;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const part of request) text += String(part);
  return JSON.parse(text) as Record<string, unknown>;
}

async function run(
  host: WorkerHost,
  request: Partial<RunRequest> = {},
  params: SamplingParams = defaultParams(),
) {
  const { tokens } = await host.tokenise({ kind: 'text', text: 'Once upon a time' });
  const events: LineEvent[] = [];
  const result = await host.run(
    {
      prompt: tokens.map(({ token }) => token),
      lanes: [{ line: 1, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: 8, sequences: [] },
      ...request,
    },
    (batch) => events.push(...batch),
  );
  const steps = events.flatMap((event): readonly LineStep[] => (event.type === 'steps' ? event.steps : []));
  return { result, steps, events };
}

describe('a run on a server', () => {
  it('streams tokens with their logprobs; halves of a character are told apart', async () => {
    const host = await load('llamaCpp', replies.llamaCpp);
    const { steps, result, events } = await run(host);
    expect(steps.map(({ label }) => label)).toEqual([' there', '\\xC3', '\\xA9']);
    expect(steps.map(({ record }) => record.piece)).toEqual([' there', '', 'é']);
    expect(steps.map(({ record }) => record.rawLogprob)).toEqual([-0.105, -1.2, -0.01]);
    expect(steps.map(({ record }) => record.rank)).toEqual([1, 2, 1]);
    // What a server does not tell is no number.
    for (const { record } of steps) {
      expect([record.entropy, record.finalLogprob, record.kept]).toEqual([NaN, NaN, NaN]);
      expect(record.u).toBeNull();
    }
    expect(steps.at(-1)!.record.perplexity).toBeCloseTo(Math.exp((0.105 + 1.2 + 0.01) / 3), 12);
    expect(result.error).toBeNull();
    expect(events.at(-1)).toEqual({ type: 'line-end', line: 1, reason: 'max-tokens' });
    expect(asked[0]).toMatchObject({ path: '/v1/completions', prompt: 'Once upon a time', logprobs: 20 });
  });

  it('is inspected by what was told: the likeliest, and the rest', async () => {
    const host = await load('vllm', replies.vllm);
    await run(host);
    const view = (await host.inspect({ line: 1, position: 1 }, defaultParams(), { top: 2 }))!;
    expect(view.rows.map(({ label, rank }) => [label, rank])).toEqual([
      [' the', 1],
      [' a', 2],
      [' Paris', 3],
    ]);
    expect(view.rest.raw).toBeCloseTo(1 - Math.exp(-0.3) - Math.exp(-1.9) - Math.exp(-3.1), 12);
    expect([view.rest.count, view.rest.final, view.entropyRaw]).toEqual([NaN, NaN, NaN]);
    expect(await host.inspect({ line: 1, position: 3 }, defaultParams(), { top: 2 })).toBeNull();
    expect(await host.rederive(1, defaultParams())).toBeNull();
    await expect(host.replay(1, defaultParams())).rejects.toThrow(/gives no logits/);
  });

  it('without logprobs is text alone', async () => {
    const host = await load('lmStudio', replies.lmStudio);
    const { steps } = await run(host);
    expect(steps.map(({ record }) => [record.piece, record.rawLogprob])).toEqual([
      ['Hello', NaN],
      [' you', NaN],
    ]);
    expect(await host.inspect({ line: 1, position: 1 }, defaultParams(), { top: 5 })).toBeNull();
  });

  it('of a conversation sends its turns', async () => {
    const host = await load('ollama', replies.ollama);
    const messages = [{ role: 'user', content: 'Hi' }] as const;
    const { tokens } = await host.tokenise({ kind: 'chat', messages });
    expect(tokens.length).toBe(1);
    const { steps } = await run(host, { prompt: tokens.map(({ token }) => token) });
    expect(asked[0]).toMatchObject({ path: '/v1/chat/completions', messages, top_logprobs: 20 });
    expect(steps.map(({ record }) => record.piece).join('')).toBe('Hi there');
  });

  it('goes on from a text, and keeps what was told of it', async () => {
    const host = await load('vllm', replies.vllm);
    await run(host);
    const { steps } = await run(host, {
      lanes: [{ line: 2, params: defaultParams(), stream: 0 }],
      from: { line: 1, outputs: 1 },
    });
    expect(asked[1]).toMatchObject({ prompt: 'Once upon a time Paris' });
    expect(steps[0]!.record.position).toBe(2);
    expect(steps[0]!.record.visible).toBe(' Paris'.length + ' Paris'.length);
    expect((await host.inspect({ line: 2, position: 1 }, defaultParams(), { top: 1 }))!.rows[0]!.label).toBe(
      ' the',
    );
  });

  it('keeps what came before a cut, and says that it was one', async () => {
    const host = await load('llamaCpp', replies.llamaCpp.split('\n\n').slice(0, 2).join('\n\n') + '\n\n');
    const { steps, result, events } = await run(host);
    expect(steps.length).toBe(2);
    expect(result.error?.message).toMatch(/ended in the middle of the text; what came is kept/);
    expect(events.at(-1)).toMatchObject({ reason: 'error' });
  });

  it('takes one lane; beams and tokens by hand are refused with the reason', async () => {
    const host = await load('vllm', replies.vllm);
    const lanes = [1, 2].map((line) => ({ line, params: defaultParams(), stream: 0 }));
    await expect(run(host, { lanes })).rejects.toThrow(/one text at a time/);
    await expect(run(host, { strategy: { kind: 'beam', width: 2, lengthPenalty: 1 } })).rejects.toThrow(
      /one text/,
    );
    await run(host);
    await expect(run(host, { from: { line: 1, outputs: 1, token: 0 } })).rejects.toThrow(/chosen by hand/);
    expect(asked.length).toBe(1);
  });
});

describe('parameters for a server', () => {
  it('go under its own names, by the table; the rest is known to be left out', () => {
    const params: SamplingParams = { ...defaultParams(), topK: 7, repeatPenalty: 1.1, topNSigma: 2 };
    expect(serverParameters(params, 'vllm')).toMatchObject({
      top_k: 7,
      repetition_penalty: 1.1,
      temperature: 0.8,
      seed: 42,
    });
    expect(Object.keys(serverParameters(params, 'vllm'))).not.toContain('top_n_sigma');
    expect(serverParameters(params, 'llamacpp')).toMatchObject({
      top_k: 7,
      repeat_penalty: 1.1,
      top_n_sigma: 2,
    });
    expect(Object.keys(serverParameters(params, null)).sort()).toEqual([
      'frequency_penalty',
      'presence_penalty',
      'seed',
      'temperature',
      'top_p',
    ]);
    expect(takenBy(null)).not.toContain('topK');
    expect(takenBy('vllm')).toContain('topK');
  });

  it('of a stage that is off are sent as neutral, since the server has defaults of its own', () => {
    const params: SamplingParams = { ...defaultParams(), off: ['top_p', 'temperature'] };
    expect(serverParameters(params, null)).toMatchObject({ top_p: 1, temperature: 1 });
  });
});

describe('the vocabulary of a server', () => {
  it('gives back what it was given, however characters are cut', () => {
    const vocabulary = new ServerVocabulary();
    const text = 'a é 漢 🙂 e\u0301';
    const bytes = new TextEncoder().encode(text);
    for (const step of [1, 2, 3, 5]) {
      const ids: number[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        const own = bytes.slice(at, at + step);
        ids.push(vocabulary.idOf({ text: new TextDecoder().decode(own), bytes: own, logprob: null }));
      }
      expect(vocabulary.decode(ids)).toBe(text);
    }
    const again = vocabulary.idOf({ text: 'x', bytes: null, logprob: -1 });
    expect(vocabulary.idOf({ text: 'x', bytes: new Uint8Array([120]), logprob: -2 })).toBe(again);
  });
});
