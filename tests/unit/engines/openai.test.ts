import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Piece } from '../../../src/engines/openai/replies.ts';
import { type GenerateRequest, OpenAiServer } from '../../../src/engines/openai/server.ts';
import * as replies from './server_replies.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

/** A real server on this machine. */
async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const stream =
  (text: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(text);

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const part of request) text += String(part);
  return JSON.parse(text) as Record<string, unknown>;
}

const asked: GenerateRequest = {
  model: 'm',
  prompt: { text: 'Once upon' },
  maxTokens: 5,
  topLogprobs: 20,
  parameters: {},
  signal: new AbortController().signal,
};

async function generate(baseUrl: string, request: Partial<GenerateRequest> = {}): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of new OpenAiServer({ baseUrl }).generate({ ...asked, ...request }))
    pieces.push(piece);
  return pieces;
}

function bound(asked_: OpenAiServer) {
  return {
    models: () => asked_.models(),
    generate: async () => {
      for await (const piece of asked_.generate(asked)) void piece;
    },
  };
}

const failure = (promise: Promise<unknown>): Promise<Error & { code: string }> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as Error & { code: string },
  );

describe('a stream', () => {
  it('is read without iterating over it, which Safari cannot', async () => {
    const prototype = ReadableStream.prototype as { [Symbol.asyncIterator]?: unknown };
    const kept = prototype[Symbol.asyncIterator];
    Reflect.deleteProperty(prototype, Symbol.asyncIterator);
    try {
      // Node's own fetch iterates over a request's body.
      const headers = { 'content-type': 'text/event-stream' };
      const get: typeof fetch = () => Promise.resolve(new Response(replies.llamaCpp.text.body, { headers }));
      const pieces: Piece[] = [];
      const server = new OpenAiServer({ baseUrl: 'http://localhost/v1', fetch: get });
      for await (const piece of server.generate(asked)) pieces.push(piece);
      expect(pieces).toHaveLength(4);
    } finally {
      prototype[Symbol.asyncIterator] = kept;
    }
  });

  it('of llama.cpp has ids, bytes, and a count of tokens in each chunk', async () => {
    const pieces = await generate(await serve(stream(replies.llamaCpp.text.body)));
    expect(pieces.map(({ text, finish, counted }) => [text, finish, counted])).toEqual([
      [',', null, 1],
      [' there', null, 2],
      [' was', null, 3],
      ['', 'length', 3],
    ]);
    const [, drawn] = pieces.flatMap(({ tokens }) => tokens);
    expect(drawn).toMatchObject({ id: 405, text: ' there' });
    expect([...drawn!.bytes!]).toEqual([...new TextEncoder().encode(' there')]);
    expect(drawn!.top.map(({ id, text }) => [id, text])).toEqual([
      [405, ' there'],
      [312, ' in'],
      [261, ' a'],
    ]);
    expect(drawn!.logprob).toBe(drawn!.top[0]!.logprob);
    expect(drawn!.logprob).toBeCloseTo(-0.21057, 4);
  });

  it('of a chat with llama.cpp begins with a role and ends with an empty delta', async () => {
    const baseUrl = await serve(stream(replies.llamaCpp.chat.body));
    const pieces = await generate(baseUrl, { prompt: { messages: [] } });
    expect(pieces.map(({ text, finish }) => [text, finish])).toEqual([
      ['\n', null],
      ['"', null],
      ['', 'length'],
    ]);
  });

  it('of vLLM has lists, the drawn token out of order, and −9999 for −∞', async () => {
    const pieces = await generate(await serve(stream(replies.vllm)));
    expect(pieces.map(({ text, finish }) => [text, finish])).toEqual([
      [' Paris', null],
      ['.', 'stop'],
    ]);
    const [drawn] = pieces[0]!.tokens;
    expect(drawn).toMatchObject({ text: ' Paris', bytes: null, logprob: -3.1 });
    expect(drawn!.top.map(({ text, logprob }) => [text, logprob])).toEqual([
      [' the', -0.3],
      [' a', -1.9],
      [' Paris', -3.1],
      [' zzz', -Infinity],
    ]);
  });

  it('of Ollama has several tokens per chunk, without bytes and alternatives', async () => {
    const pieces = await generate(await serve(stream(replies.ollama)), { prompt: { messages: [] } });
    expect(pieces.map(({ text, finish }) => [text, finish])).toEqual([
      ['Hi there', null],
      ['', 'stop'],
    ]);
    expect(pieces[0]!.tokens.map(({ text, bytes, top }) => [text, bytes && [...bytes], top.length])).toEqual([
      ['Hi', [72, 105], 1],
      [' there', null, 0],
    ]);
  });

  it('of LM Studio has null logprobs, which are not zeros', async () => {
    const pieces = await generate(await serve(stream(replies.lmStudio)), { prompt: { messages: [] } });
    expect(pieces.map(({ text }) => text)).toEqual(['Hello', ' you', '']);
    expect(pieces.flatMap(({ tokens }) => tokens)).toEqual([]);
  });

  it('may arrive cut at any byte', async () => {
    const bytes = Buffer.from(replies.llamaCpp.bytes.body);
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void (async () => {
        for (let at = 0; at < bytes.length; at += 7) {
          response.write(bytes.subarray(at, at + 7));
          if (at % 70 === 0) await new Promise((done) => setImmediate(done));
        }
        response.end();
      })();
    });
    const pieces = await generate(baseUrl);
    expect(pieces.map(({ text }) => text).join('')).toBe(' né🦊');
  });
});

describe('a request', () => {
  it('asks for logprobs in the form of each API, and has the key only in its header', async () => {
    const seen: { url: string; body: Record<string, unknown>; authorization: string | undefined }[] = [];
    const baseUrl = await serve(async (request, response) => {
      const { authorization } = request.headers;
      seen.push({ url: request.url!, body: await bodyOf(request), authorization });
      stream(replies.lmStudio)(request, response as never);
    });
    const server = new OpenAiServer({ baseUrl: `${baseUrl}/`, key: 'sk-secret' });
    const parameters = { temperature: 0.5, top_k: 7 };
    for await (const _ of server.generate({ ...asked, parameters })) void _;
    const messages = [{ role: 'user', content: 'Hi' }] as const;
    for await (const _ of server.generate({ ...asked, prompt: { messages } })) void _;
    expect(seen[0]).toEqual({
      url: '/v1/completions',
      authorization: 'Bearer sk-secret',
      body: {
        model: 'm',
        prompt: 'Once upon',
        max_tokens: 5,
        stream: true,
        logprobs: 20,
        temperature: 0.5,
        top_k: 7,
      },
    });
    expect(seen[1]!.url).toBe('/v1/chat/completions');
    expect(seen[1]!.body).toMatchObject({ messages, logprobs: true, top_logprobs: 20 });
    expect(JSON.stringify(seen.map(({ url, body }) => [url, body]))).not.toContain('sk-secret');
  });

  it('is repeated with fewer alternatives when the server refuses so many', async () => {
    const depths: unknown[] = [];
    const baseUrl = await serve(async (request, response) => {
      const { logprobs } = await bodyOf(request);
      depths.push(logprobs);
      if (logprobs === 20) {
        response.writeHead(400, { 'content-type': 'application/json' });
        return void response.end(
          JSON.stringify({ error: { message: 'logprobs must be at most 5', type: 'BadRequest' } }),
        );
      }
      stream(replies.vllm)(request, response as never);
    });
    expect((await generate(baseUrl)).length).toBe(2);
    expect(depths).toEqual([20, 5]);
  });

  it('stops when it is aborted', async () => {
    const stop = new AbortController();
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(replies.vllm.split('\n\n')[0]! + '\n\n');
    });
    const pieces: Piece[] = [];
    const error = await failure(
      (async () => {
        for await (const piece of new OpenAiServer({ baseUrl }).generate({ ...asked, signal: stop.signal })) {
          pieces.push(piece);
          stop.abort();
        }
      })(),
    );
    expect(pieces.length).toBe(1);
    expect(error.code).toBe('aborted');
  });
});

describe('the list of models', () => {
  it.each([
    // Started with -c 256, though the model was trained for 512.
    ['llamaCpp', 'logitscope-stories-6m-q8_0.gguf', 'llamacpp', 256, 4096],
    ['vllm', 'Qwen/Qwen2.5-0.5B', 'vllm', 32768, null],
    ['ollama', 'qwen3:0.6b', 'library', null, null],
    ['lmStudio', 'qwen3-0.6b', 'organization_owner', null, null],
  ] as const)('of %s', async (kind, id, ownedBy, contextLength, vocabularySize) => {
    const baseUrl = await serve(
      (_request, response) => void response.end(JSON.stringify(replies.models[kind])),
    );
    const expected = { id, name: id, ownedBy, contextLength, vocabularySize };
    expect(await new OpenAiServer({ baseUrl }).models()).toEqual([expected]);
  });

  it.each([
    ['/home/ada/models/tiny.gguf', 'tiny.gguf'],
    ['C:\\Users\\Ada\\tiny.gguf', 'tiny.gguf'],
    ['../models/tiny.bin', 'tiny.bin'],
    ['models/tiny.gguf', 'tiny.gguf'],
    ['Qwen/Qwen3-0.6B', 'Qwen/Qwen3-0.6B'],
    ['qwen3:0.6b', 'qwen3:0.6b'],
    ['/', '/'],
  ])('shows a file by its name: %s', async (id, name) => {
    const baseUrl = await serve(
      (_request, response) => void response.end(JSON.stringify({ data: [{ id }] })),
    );
    expect(await new OpenAiServer({ baseUrl }).models()).toMatchObject([{ id, name }]);
  });
});

describe('a server that answers nonsense', () => {
  const reply =
    (status: number, type: string, body: string): RequestListener =>
    (_request, response) =>
      void response.writeHead(status, { 'content-type': type }).end(body);
  const recorded = ({
    status,
    type,
    body,
  }: {
    status: number;
    type: string;
    body: string;
  }): RequestListener => reply(status, type, body);
  const html = '<!doctype html><title>502 Bad Gateway</title>';

  it.each([
    ['a web page with an error', reply(502, 'text/html', html), /answered 502: it has a fault/],
    [
      'a web page with status 200',
      reply(200, 'text/html', html),
      /answered with a web page .* check the base URL/,
    ],
    [
      'an error in JSON',
      reply(404, 'application/json', '{"error":{"message":"model \\"x\\" not found"}}'),
      /answered 404: model "x" not found\./,
    ],
    [
      'an error as a text',
      reply(400, 'application/json', '{"error":"no model loaded"}'),
      /answered 400: no model loaded\./,
    ],
    [
      'an error of FastAPI',
      reply(405, 'application/json', '{"detail":"Method Not Allowed"}'),
      /answered 405: Method Not Allowed\./,
    ],
    [
      'an error with status 200',
      reply(200, 'application/json', '{"error":"Unexpected endpoint or method. (POST /v1/completions)"}'),
      /Unexpected endpoint or method/,
    ],
    ['a refused key', reply(401, 'text/plain', ''), /answered 401: it wants a key/],
    ['a key that llama.cpp refuses', recorded(replies.llamaCpp.wrongKey), /answered 401: Invalid API Key\./],
    [
      'a prompt that is too long for llama.cpp',
      recorded(replies.llamaCpp.tooLong),
      /answered 400: request \(402 tokens\) exceeds the available context size \(256 tokens\)/,
    ],
    [
      'a parameter that llama.cpp refuses',
      recorded(replies.llamaCpp.badParameter),
      /answered 400: Field 'repeat_last_n': Value must be between 0/,
    ],
    [
      'an address that llama.cpp has not',
      recorded(replies.llamaCpp.noSuchPath),
      /answered 404: File Not Found\./,
    ],
    ['an empty stream', stream(''), /without a stream of events/],
    [
      'an error in the stream',
      stream('event: error\ndata: {"error":{"message":"out of memory"}}\n\n'),
      /broke off: out of memory\./,
    ],
    ['chunks that are none', stream('data: {"hello":1}\n\n'), /not a reply of an OpenAI-compatible server/],
    [
      'JSON cut in the middle',
      stream('data: {"choices":[{"te\n\n'),
      /not a reply of an OpenAI-compatible server/,
    ],
    [
      'logprobs that are texts',
      stream('data: {"choices":[{"text":"a","logprobs":{"content":[{"token":"a","logprob":"x"}]}}]}\n\n'),
      /not a reply/,
    ],
    [
      'a stream without an end',
      stream(replies.llamaCpp.text.body.split('\n\n').slice(0, 2).join('\n\n') + '\n\n'),
      /ended in the middle of the text/,
    ],
  ] as const)('%s', async (_name, listener, message) => {
    const error = await failure(generate(await serve(listener)));
    expect(error.name).toBe('EngineError');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('127.0.0.1');
    // The message quotes no part of a web page.
    expect(error.message).not.toMatch(/<[!/a-z]/i);
  });

  it.each([
    [
      reply(
        401,
        'application/json',
        '{"error":{"message":"no such key: sk-secret\\u002dkey, said twice: sk-secret-key"}}',
      ),
    ],
    [reply(400, 'application/json', `{"detail":"${'x'.repeat(290)}sk-secret-key"}`)],
    [stream('data: {"error":"Bearer sk-secret-key"}\n\n')],
  ])('and repeats the key is quoted without the key (%#)', async (listener) => {
    const baseUrl = await serve(listener);
    const { models, generate: ask } = bound(new OpenAiServer({ baseUrl, key: 'sk-secret-key' }));
    for (const error of [await failure(ask()), await failure(models())])
      expect(error.message).not.toMatch(/sk-|secret/);
  });

  it('and redirects is not followed, with or without a key', async () => {
    let reached = 0;
    const other = createServer((_request, response) => void response.end(String(reached++)));
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/v1/completions`;
    const baseUrl = await serve((_request, response) => void response.writeHead(307, { location }).end());
    expect((await failure(generate(baseUrl))).message).toMatch(/cannot be reached.*redirect/);
    other.close();
    expect(reached).toBe(0);
  });

  it('and sends one endless event is disconnected', async () => {
    const error = await failure(generate(await serve(stream(`data: ${'x'.repeat(5 * 2 ** 20)}`))));
    expect([error.name, error.message]).toEqual([
      'EngineError',
      expect.stringMatching(/ended in the middle/),
    ]);
  });

  it('reports a connection that breaks, and one that is never made', async () => {
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(replies.llamaCpp.text.body.split('\n\n')[0]! + '\n\n');
      setTimeout(() => response.destroy(), 100);
    });
    expect((await failure(generate(baseUrl))).message).toMatch(/ended in the middle of the text/);
    expect((await failure(generate('http://127.0.0.1:9/v1'))).message).toMatch(/cannot be reached; .*CORS/);
    expect(() => new OpenAiServer({ baseUrl: 'localhost:8080' })).toThrow(/not the address of a server/);
  });
});
