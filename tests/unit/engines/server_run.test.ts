/** A server's model through the worker, as the page uses it: the same host, a real HTTP server, and replies of each kind. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ServerVocabulary } from '../../../src/engines/openai/vocabulary.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import type { TextEvent, TextStep, RunRequest, WorkerApi } from '../../../src/worker/api/worker_api.ts';
import { WorkerHost } from '../../../src/worker/host.ts';
import { serverFields, serverParameters, takenBy } from '../../../src/worker/server/server_parameters.ts';
import { tokenisePrompt } from '../../../src/worker/texts/token_text.ts';
import * as replies from './server_replies.ts';

const { llamaCpp } = replies;

/** The logprobs of a recorded stream, read by themselves. */
function logprobsIn(stream: string): number[] {
  return [...stream.matchAll(/"content":\[\{[^{]*"logprob":([-.\d]+)/g)].map((match) => Number(match[1]));
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

let asked: Record<string, unknown>[] = [];

async function load(kind: keyof typeof replies.models, text: string): Promise<WorkerApi> {
  asked = [];
  const listener: RequestListener = async (request, response) => {
    if (request.method === 'GET') return void response.end(JSON.stringify(replies.models[kind]));
    asked.push({ path: request.url, ...(await bodyOf(request)) });
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  };
  server = createServer(listener);
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const host = new WorkerHost().to(0);
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
  host: WorkerApi,
  request: Partial<RunRequest> = {},
  params: SamplingParams = defaultParams(),
) {
  const { tokens } = await host.tokenise({ kind: 'text', text: 'Once upon a time' });
  const events: TextEvent[] = [];
  const result = await host.run(
    {
      prompt: tokens.map(({ token }) => token),
      lanes: [{ text: 1, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: 8, sequences: [] },
      ...request,
    },
    (batch) => events.push(...batch),
  );
  const steps = events.flatMap((event): readonly TextStep[] => (event.type === 'steps' ? event.steps : []));
  return { result, steps, events };
}

describe('a run on a server', () => {
  it('streams tokens with their logprobs', async () => {
    const host = await load('llamaCpp', llamaCpp.text.body);
    const { steps, result, events } = await run(host, { stop: { maxTokens: 3, sequences: [] } });
    expect(steps.map(({ label }) => label)).toEqual([',', ' there', ' was']);
    expect(steps.map(({ record }) => [record.token, record.rank])).toEqual([
      [4031, 1],
      [405, 1],
      [287, 1],
    ]);
    const logprobs = logprobsIn(llamaCpp.text.body);
    expect(logprobs.length).toBe(3);
    expect(steps.map(({ record }) => record.rawLogprob)).toEqual(logprobs);
    // A value that the server does not send is NaN.
    for (const { record } of steps) {
      expect([record.entropy, record.finalLogprob, record.kept]).toEqual([NaN, NaN, NaN]);
      expect(record.u).toBeNull();
    }
    expect(result.error).toBeNull();
    expect(result.timing.tokens).toBe(3);
    expect(events.at(-1)).toEqual({ type: 'text-end', text: 1, reason: 'max-tokens' });
    const { path, ...body } = asked[0]!;
    expect(path).toBe('/v1/completions');
    expect(body).toMatchObject({ prompt: 'Once upon a time', logprobs: 20, timings_per_token: true });
    expect(body).not.toHaveProperty('stop');
  });

  it('ends at its own limits although the server goes on', async () => {
    const chunk = llamaCpp.text.body.split('\n\n')[0]!;
    const host = await load('vllm', `${Array(50).fill(chunk).join('\n\n')}\n\ndata: [DONE]\n\n`);
    const { steps, events } = await run(host, { stop: { maxTokens: 5, sequences: [] } });
    expect(steps).toHaveLength(5);
    expect(events.at(-1)).toEqual({ type: 'text-end', text: 1, reason: 'max-tokens' });
  });

  it('forgets prompts that never ran', async () => {
    const vocabulary = new ServerVocabulary();
    for (let i = 0; i < 500; i++) tokenisePrompt({ kind: 'text', text: 'x'.repeat(i) }, vocabulary);
    expect(vocabulary.vocabularySize).toBeLessThan(10);
    const [ran] = vocabulary.encode('this one runs');
    vocabulary.keep([ran!]);
    const [typed] = vocabulary.encode('this one does not');
    for (let i = 0; i < 20; i++) vocabulary.encode('y'.repeat(i));
    expect([vocabulary.label(ran!), vocabulary.encode('this one runs')]).toEqual(['this one runs', [ran]]);
    expect(() => vocabulary.keep([typed!])).toThrow(/no longer held; type it again/);
  });

  it('records what the server said of each step, and no more', async () => {
    const host = await load('llamaCpp', llamaCpp.bytes.body);
    const { steps } = await run(host, { stop: { maxTokens: 30, sequences: [] } });
    const evidence = (await host.evidence(1, defaultParams(), 5))!;
    // The recording has three alternatives per step.
    expect(evidence.depth).toBe(3);
    for (const [output, { record }] of steps.entries()) {
      const view = await host.inspect({ text: 1, position: record.position }, defaultParams(), { top: 5 });
      const from = output * evidence.depth;
      const told = [...evidence.rawLogprob.subarray(from, from + 3)].filter(Number.isFinite);
      // A view has the drawn token beside the most likely ones.
      const listed = view?.rows.filter(({ rank }) => rank <= 3) ?? [];
      expect(told).toEqual(listed.map(({ rawLogprob }) => rawLogprob));
      expect([...evidence.tokens.subarray(from, from + told.length)]).toEqual(
        listed.map(({ token }) => token),
      );
      for (const { token, label } of listed) expect(evidence.labels.get(token)).toBe(label);
    }
    expect(evidence.finalLogprob.every(Number.isNaN)).toBe(true);
    expect([evidence.byHand, evidence.stream]).toEqual([[], 0]);
    expect(await host.evidence(7, defaultParams(), 5)).toBeNull();
  });

  it('has no numbers for partial characters, as llama.cpp sends none', async () => {
    const host = await load('llamaCpp', llamaCpp.bytes.body);
    const { steps, result, events } = await run(host, { stop: { maxTokens: 30, sequences: [] } });
    expect(steps.map(({ label }) => label)).toEqual([' ', 'n', 'é', '🦊', '<token 2>']);
    expect(steps.map(({ record }) => record.piece).join('')).toBe(' né🦊');
    // The logprobs sent with é and the fox belong to their last bytes only.
    const told = logprobsIn(llamaCpp.bytes.body).map((logprob, i) => (i === 2 || i === 3 ? NaN : logprob));
    expect(told.length).toBe(5);
    expect(steps.map(({ record }) => record.rawLogprob)).toEqual(told);
    expect(steps.map(({ kind }) => kind)).toEqual(['normal', 'normal', 'normal', 'normal', 'control']);
    // Nine tokens were drawn: é has two, the fox four, and the end one.
    expect(result.timing.tokens).toBe(9);
    expect(events.at(-1)).toMatchObject({ reason: 'end-of-generation' });
    const view = (await host.inspect({ text: 1, position: 1 }, defaultParams(), { top: 3 }))!;
    expect(view.rows.map(({ token, label }) => [token, label])).toEqual([
      [4031, ','],
      [405, ' there'],
      [312, ' in'],
      [4009, ' '],
    ]);
    expect(view.chosen).toBe(4009);
    // Of 4096 entries.
    expect(view.rest.count).toBe(4092);
    expect(await host.inspect({ text: 1, position: 3 }, defaultParams(), { top: 3 })).toBeNull();
  });

  it('that ends within a character lacks the bytes that llama.cpp never sent', async () => {
    const host = await load('llamaCpp', llamaCpp.halfCharacter.body);
    const { steps, result, events } = await run(host, { stop: { maxTokens: 4, sequences: [] } });
    expect(steps.map(({ record }) => record.piece).join('')).toBe(' n');
    expect(result.timing.tokens).toBe(4);
    expect(events.at(-1)).toMatchObject({ reason: 'max-tokens' });
  });

  it('ends when the context is full', async () => {
    const host = await load('llamaCpp', llamaCpp.contextFull.body);
    const { steps, events } = await run(host, { stop: { maxTokens: 50, sequences: [] } });
    expect(steps.length).toBe(3);
    expect(events.at(-1)).toMatchObject({ reason: 'context-full' });
  });

  it.each([
    // The text before it is shown with its tokens. Text that could begin one is held back until it cannot.
    ['e wa', ', ther', [1, 6, 6], 'stop-sequence'],
    ['e was!', ', there was', [1, 6, 11], 'max-tokens'],
    [' there', ',', [1, 1], 'stop-sequence'],
    ['was', ', there ', [1, 7, 8], 'stop-sequence'],
  ])('stops before “%s”', async (sequence, text, visible, reason) => {
    const host = await load('llamaCpp', llamaCpp.text.body);
    const { steps, events } = await run(host, { stop: { maxTokens: 3, sequences: [sequence] } });
    expect(steps.map(({ record }) => record.visible)).toEqual(visible);
    expect(
      steps
        .map(({ record }) => record.piece)
        .join('')
        .slice(0, steps.at(-1)!.record.visible),
    ).toBe(text);
    expect(events.at(-1)).toMatchObject({ reason });
  });

  it('of 0 tokens sends no request', async () => {
    const host = await load('llamaCpp', llamaCpp.text.body);
    const { steps, events } = await run(host, { stop: { maxTokens: 0, sequences: [] } });
    expect([steps.length, asked.length]).toEqual([0, 0]);
    expect(events.at(-1)).toMatchObject({ reason: 'max-tokens' });
  });

  it('shows in the inspector the most likely tokens and the rest', async () => {
    const host = await load('vllm', replies.vllm);
    await run(host);
    const view = (await host.inspect({ text: 1, position: 1 }, defaultParams(), { top: 2 }))!;
    expect(view.rows.map(({ label, rank }) => [label, rank])).toEqual([
      [' the', 1],
      [' a', 2],
      [' Paris', 3],
    ]);
    expect(view.rest.raw).toBeCloseTo(1 - Math.exp(-0.3) - Math.exp(-1.9) - Math.exp(-3.1), 12);
    expect([view.rest.count, view.rest.final, view.entropyRaw]).toEqual([NaN, NaN, NaN]);
    expect(await host.inspect({ text: 1, position: 3 }, defaultParams(), { top: 2 })).toBeNull();
    expect(await host.rederive(1, defaultParams())).toBeNull();
    await expect(
      host.replay({ text: 1, parts: [{ from: 1, params: defaultParams() }], depth: 4, stepwise: true }),
    ).rejects.toThrow(/gives no logits/);
  });

  it('without logprobs has only text', async () => {
    const host = await load('lmStudio', replies.lmStudio);
    const { steps } = await run(host);
    expect(steps.map(({ record }) => [record.piece, record.rawLogprob])).toEqual([
      ['Hello', NaN],
      [' you', NaN],
    ]);
    expect(await host.inspect({ text: 1, position: 1 }, defaultParams(), { top: 5 })).toBeNull();
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

  it('goes on from a text, and keeps what the server said of it', async () => {
    const host = await load('vllm', replies.vllm);
    await run(host);
    const { steps } = await run(host, {
      lanes: [{ text: 2, params: defaultParams(), stream: 0 }],
      from: { text: 1, outputs: 1 },
    });
    expect(asked[1]).toMatchObject({ prompt: 'Once upon a time Paris' });
    expect(steps[0]!.record.position).toBe(2);
    expect(steps[0]!.record.visible).toBe(' Paris'.length + ' Paris'.length);
    expect((await host.inspect({ text: 2, position: 1 }, defaultParams(), { top: 1 }))!.rows[0]!.label).toBe(
      ' the',
    );
  });

  it('goes on from another listed token, which counts as chosen by hand', async () => {
    const host = await load('llamaCpp', llamaCpp.text.body);
    await run(host);
    const lanes = [{ text: 2, params: defaultParams(), stream: 0 }];
    // “ in” in place of “ there”.
    const { steps, events } = await run(host, { lanes, from: { text: 1, outputs: 1, token: 312 } });
    expect(asked[1]).toMatchObject({ prompt: 'Once upon a time, in' });
    const [chosen, next] = steps;
    expect(chosen).toMatchObject({
      label: ' in',
      record: { position: 2, token: 312, rank: 2, piece: ' in' },
    });
    const second = llamaCpp.text.body.split('\n\n')[1]!;
    expect(chosen!.record.rawLogprob).toBe(Number(/"id":312,[^}]*"logprob":([-.\d]+)/.exec(second)![1]));
    const view = (await host.inspect({ text: 2, position: 2 }, defaultParams(), { top: 3 }))!;
    expect(view.chosen).toBe(312);
    expect(view.rows.find(({ token }) => token === 312)!.rawLogprob).toBe(chosen!.record.rawLogprob);
    expect(next!.record).toMatchObject({ position: 3, visible: ', in,'.length });
    expect(events.at(-1)).toMatchObject({ type: 'text-end', text: 2 });
  });

  it('keeps what arrived before the connection broke, and says that it broke', async () => {
    const host = await load('llamaCpp', llamaCpp.text.body.split('\n\n').slice(0, 2).join('\n\n') + '\n\n');
    const { steps, result, events } = await run(host);
    expect(steps.length).toBe(2);
    expect(result.error?.message).toMatch(/ended in the middle of the text; what came is kept/);
    expect(events.at(-1)).toMatchObject({ reason: 'error' });
  });

  it('takes one lane, and refuses beams and tokens by hand with the reason', async () => {
    const host = await load('vllm', replies.vllm);
    const lanes = [1, 2].map((text) => ({ text, params: defaultParams(), stream: 0 }));
    await expect(run(host, { lanes })).rejects.toThrow(/one text at a time/);
    await expect(run(host, { strategy: { kind: 'beam', width: 2, lengthPenalty: 1 } })).rejects.toThrow(
      /one text/,
    );
    await run(host);
    await expect(run(host, { from: { text: 1, outputs: 1, token: 0 } })).rejects.toThrow(
      /chosen by hand .* choose one that it lists/,
    );
    expect(asked.length).toBe(1);
  });
});

describe('parameters for a server', () => {
  it('have the server’s names from the table; the others are known to be left out', () => {
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

  it('of a disabled stage are sent as neutral, because the server has its own defaults', () => {
    const params: SamplingParams = { ...defaultParams(), off: ['top_p', 'temperature'] };
    expect(serverParameters(params, null)).toMatchObject({ top_p: 1, temperature: 1 });
  });

  it('for llama.cpp have neither −1 for all nor the seed that means a random one', () => {
    const params: SamplingParams = { ...defaultParams(), penaltyLastN: -1, dryLastN: -1, seed: 4294967295 };
    expect(serverParameters(params, 'llamacpp')).toMatchObject({
      repeat_last_n: 1_000_000,
      dry_penalty_last_n: 1_000_000,
      seed: 4294967294,
    });
    expect(serverParameters({ ...params, seed: 7 }, 'llamacpp')).toMatchObject({ seed: 7 });
  });

  it('include the chain’s order for llama.cpp, and not for others', () => {
    const params: SamplingParams = {
      ...defaultParams(),
      order: ['temperature', 'typical_p', 'top_k', 'adaptive_p', 'top_p', 'logit_bias'],
      off: ['top_p'],
    };
    expect(serverFields(params, 'llamacpp', false)).toMatchObject({
      samplers: ['temperature', 'typ_p', 'top_k'],
      dry_sequence_breakers: ['\n', ':', '"', '*'],
      temperature: 0.8,
    });
    expect(serverFields({ ...params, adaptiveTarget: 0.3 }, 'llamacpp', false)['samplers']).toEqual([
      'temperature',
      'typ_p',
      'top_k',
      'adaptive_p',
    ]);
    const plain: SamplingParams = { ...params, order: ['top_k'], adaptiveTarget: 0.3, dryBreakers: [] };
    const greedy = serverFields(plain, 'llamacpp', true);
    expect(greedy).toMatchObject({ samplers: ['top_k', 'temperature'], temperature: 0 });
    // The server refuses an empty list.
    expect(greedy).not.toHaveProperty('dry_sequence_breakers');
    expect(serverFields(params, 'vllm', true)).toEqual({
      ...serverParameters(params, 'vllm'),
      temperature: 0,
    });
  });
});

describe('the vocabulary of a server', () => {
  it('gives back the bytes that it was given, however characters are cut', () => {
    const vocabulary = new ServerVocabulary();
    const text = 'a é 漢 🙂 e\u0301';
    const bytes = new TextEncoder().encode(text);
    for (const step of [1, 2, 3, 5]) {
      const ids: number[] = [];
      for (let at = 0; at < bytes.length; at += step) {
        const own = bytes.slice(at, at + step);
        ids.push(
          vocabulary.idOf({ id: null, text: new TextDecoder().decode(own), bytes: own, logprob: null }),
        );
      }
      expect(vocabulary.decode(ids)).toBe(text);
    }
    const again = vocabulary.idOf({ id: null, text: 'x', bytes: null, logprob: -1 });
    expect(vocabulary.idOf({ id: null, text: 'x', bytes: new Uint8Array([120]), logprob: -2 })).toBe(again);
  });

  it('takes the server’s ids, and labels tokens without text by them', () => {
    const vocabulary = new ServerVocabulary(100);
    const none = new Uint8Array(0);
    expect(vocabulary.idOf({ id: 2, text: '', bytes: none, logprob: -1 })).toBe(2);
    expect(vocabulary.idOf({ id: 1, text: '', bytes: none, logprob: -1 })).toBe(1);
    expect([vocabulary.label(2), vocabulary.kind(2)]).toEqual(['<token 2>', 'control']);
    // llama.cpp leaves the beginning of a character out of the text, but not out of the bytes.
    expect(vocabulary.idOf({ id: 77, text: '', bytes: new Uint8Array([0xf0, 0x0f]), logprob: -1 })).toBe(77);
    expect([vocabulary.label(77), vocabulary.kind(77)]).toEqual(['\\xF0\\x0F', 'normal']);
    expect(vocabulary.encode('a prompt')).toEqual([100]);
    expect(vocabulary.decode([100, 2])).toBe('a prompt');
  });
});
