import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type ChatMessage, EngineError } from '../contract.ts';
import { readModels } from './models.ts';
import { type Piece, readChunk, refusal, type ServerModel, type Speaker } from './replies.ts';

export interface ServerAddress {
  /** The part before `/completions`, e.g. `http://localhost:8080/v1`. */
  readonly baseUrl: string;
  /** Sent as a bearer token to this address only; never stored. */
  readonly key?: string;
  /** For tests. */
  readonly fetch?: typeof fetch;
}

export interface GenerateRequest {
  readonly model: string;
  readonly prompt: { readonly text: string } | { readonly messages: readonly ChatMessage[] };
  readonly maxTokens: number;
  /** Alternatives to request per token; 0 for none. */
  readonly topLogprobs: number;
  /** More fields under the server's own names: its sampling parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** Number of alternatives that every server with logprobs allows; used when a server refuses more. */
const FEWEST_TOP = 5;

/** Maximum length of an event in characters. The longest real ones, with twenty alternatives per token, have some ten thousand. */
const MOST_EVENT_LENGTH = 4 * 2 ** 20;

/** A server that implements OpenAI's completions API: llama.cpp's, vLLM, Ollama, LM Studio and others. */
export class OpenAiServer {
  readonly host: string;
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #fetch: typeof fetch;

  /** @throws EngineError `not-supported` if the address is not valid */
  constructor({ baseUrl, key, fetch: get = fetch.bind(globalThis) }: ServerAddress) {
    const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
    if (!url || !['http:', 'https:'].includes(url.protocol)) {
      throw new EngineError(
        'not-supported',
        `“${baseUrl.slice(0, 80)}” is not the address of a server; type for example http://localhost:8080/v1.`,
      );
    }
    this.host = url.host;
    this.#base = url.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
    this.#key = key === '' ? undefined : key;
    this.#fetch = get;
  }

  get #speaker(): Speaker {
    return { host: this.host, key: this.#key };
  }

  /** @throws EngineError `network`, `bad-reply` */
  async models(signal?: AbortSignal): Promise<ServerModel[]> {
    const response = await this.#request('/models', { ...(signal ? { signal } : {}) });
    return readModels(await response.text(), this.#speaker);
  }

  /**
   * Streams the text. If a server refuses the number of alternatives, the request is repeated with fewer, and then with none.
   * @throws EngineError `network` if the stream is cut, `bad-reply` with the server's words, `aborted`
   */
  async *generate(request: GenerateRequest): AsyncGenerator<Piece> {
    const response = await this.#open(request);
    let finished = false;
    try {
      if (!(response.headers.get('content-type') ?? '').includes('text/event-stream')) {
        // An error with status 200, or a web page: reading it as a chunk finds out which.
        readChunk(await response.text(), this.#speaker);
        throw readFailure(this.host);
      }
      const events = response
        .body!.pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream({ maxBufferSize: MOST_EVENT_LENGTH }));
      let any = false;
      for await (const { data } of valuesOf(events)) {
        any = true;
        if (data.trim() === '[DONE]') {
          finished = true;
          break;
        }
        const piece = readChunk(data, this.#speaker);
        if (!piece) continue;
        if (piece.finish !== null) finished = true;
        yield piece;
      }
      if (!any) throw readFailure(this.host);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (request.signal.aborted) throw stopped(this.host, error);
      throw cut(this.host, error);
    }
    if (!finished) throw cut(this.host);
  }

  async #open(request: GenerateRequest): Promise<Response> {
    const depths = [...new Set([request.topLogprobs, Math.min(FEWEST_TOP, request.topLogprobs), 0])];
    for (const depth of depths) {
      try {
        return await this.#post(request, depth);
      } catch (error) {
        const aboutLogprobs = error instanceof EngineError && /logprob|n_probs/i.test(error.message);
        if (!aboutLogprobs || depth === 0) throw error;
      }
    }
    throw new EngineError('bad-reply', `${this.host} refuses every request.`);
  }

  #post(request: GenerateRequest, depth: number): Promise<Response> {
    const { model, prompt, maxTokens, parameters, signal } = request;
    const chat = 'messages' in prompt;
    const logprobs = depth === 0 ? {} : chat ? { logprobs: true, top_logprobs: depth } : { logprobs: depth };
    const body = {
      model,
      ...(chat ? { messages: prompt.messages } : { prompt: prompt.text }),
      max_tokens: maxTokens,
      stream: true,
      ...logprobs,
      ...parameters,
    };
    return this.#request(chat ? '/chat/completions' : '/completions', {
      method: 'POST',
      body: JSON.stringify(body),
      signal,
    });
  }

  async #request(path: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(this.#base + path, {
        ...init,
        // The key and the text are for this address only: no cookies go with them, and no redirect may carry them elsewhere.
        credentials: 'omit',
        redirect: 'error',
        headers: {
          ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        },
      });
    } catch (cause) {
      if (init.signal?.aborted) throw stopped(this.host, cause);
      throw new EngineError(
        'network',
        `${this.host} cannot be reached; check that the server runs, that it allows other pages to ask it (CORS), and that it does not redirect to another address.`,
        { cause },
      );
    }
    if (response.ok && response.body) return response;
    throw refusal(response.status, await response.text().catch(() => ''), this.#speaker);
  }
}

/** The values of a stream. Safari's streams, and Chrome's before 124, are not async iterable. */
async function* valuesOf<T>(stream: ReadableStream<T>): AsyncGenerator<T> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // If the caller stops early, this ends the request. If the stream has ended or failed, an error here means nothing.
    await reader.cancel().catch(() => undefined);
  }
}

function cut(host: string, cause?: unknown): EngineError {
  return new EngineError(
    'network',
    `The connection to ${host} ended in the middle of the text; what came is kept.`,
    { cause },
  );
}

function stopped(host: string, cause: unknown): EngineError {
  return new EngineError('aborted', `The request to ${host} was stopped.`, { cause });
}

function readFailure(host: string): EngineError {
  return new EngineError(
    'bad-reply',
    `${host} answered without a stream of events; check the base URL, which usually ends in /v1.`,
  );
}
