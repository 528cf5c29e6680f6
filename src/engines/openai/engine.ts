import {
  type Capabilities,
  type EngineBase,
  type EngineDescription,
  EngineError,
  type ModelInfo,
  type TokenId,
} from '../contract.ts';
import { numericsId } from '../numerics.ts';
import { OwnTokens } from './own_tokens.ts';
import type { Piece, ServerModel } from './replies.ts';
import { type GenerateRequest, OpenAiServer, type ServerAddress } from './server.ts';
import { ServerVocabulary } from './vocabulary.ts';

/** Alternatives asked for at each token: what chat servers allow at most. */
const TOP = 20;

/** More than any vocabulary has, for a server that tells ids and not how many there are. */
const MANY_TOKENS = 2 ** 24;

/**
 * A model that runs on a server. It samples there: the page gets each token with the logprobs of the likeliest few, and
 * no logits; so it has no session, and `generate` takes its place.
 */
export class OpenAiEngine implements EngineBase {
  readonly kind = 'openai';
  readonly tokenizer: ServerVocabulary;
  readonly model: ModelInfo;
  readonly capabilities: Capabilities = {
    logits: 'top-n',
    maxLogprobs: TOP,
    fork: false,
    promptLogprobs: false,
    summaryTop: 0,
    maxBatch: 1,
    tokenizer: false,
  };
  readonly ownedBy: string | null;
  readonly #server: OpenAiServer;
  readonly #id: string;

  private constructor(
    server: OpenAiServer,
    { id, name, contextLength, ownedBy, vocabularySize }: ServerModel,
  ) {
    this.#server = server;
    this.#id = id;
    this.ownedBy = ownedBy;
    this.tokenizer = new ServerVocabulary(this.#isLlamaCpp ? (vocabularySize ?? MANY_TOKENS) : 0);
    this.model = {
      name,
      architecture: `on ${server.host}`,
      parameters: 0,
      vocabularySize: vocabularySize ?? 0,
      contextLength: contextLength ?? 0,
      layers: 0,
      embeddingLength: 0,
      fileSize: 0,
      weightBytes: 0,
      kvBytesPerToken: 0,
      formats: {},
    };
  }

  /** @throws EngineError `network`, `bad-reply`; `not-supported` where the server has no such model */
  static async open(address: ServerAddress, model: string, signal?: AbortSignal): Promise<OpenAiEngine> {
    const server = new OpenAiServer(address);
    const models = await server.models(signal);
    const found = models.find(({ id }) => id === model);
    if (!found) {
      throw new EngineError(
        'not-supported',
        `${server.host} has no model “${model.slice(0, 80)}”; ask it for its list again.`,
      );
    }
    return new OpenAiEngine(server, found);
  }

  get host(): string {
    return this.#server.host;
  }

  get #isLlamaCpp(): boolean {
    return this.ownedBy === 'llamacpp';
  }

  /**
   * Goes on after `tokens`, which were prompt or came from this server.
   * @throws EngineError `network`, `bad-reply`, `aborted`; `not-supported` for a chat answer that is to be continued
   */
  async *generate(
    tokens: readonly TokenId[],
    { parameters, ...request }: Pick<GenerateRequest, 'maxTokens' | 'parameters' | 'signal'>,
  ): AsyncGenerator<Piece> {
    const messages = this.tokenizer.messages(tokens[0] ?? -1);
    if (messages && tokens.length > 1) {
      throw new EngineError(
        'not-supported',
        'A server does not go on from the middle of a chat answer; use the Text mode to branch, or run again.',
      );
    }
    const prompt = messages ? { messages } : { text: this.tokenizer.decode(tokens) };
    const own = this.#isLlamaCpp ? new OwnTokens() : null;
    const pieces = this.#server.generate({
      ...request,
      // With a count in each chunk, tokens that it is silent about can be known.
      parameters: own ? { ...parameters, timings_per_token: true } : parameters,
      prompt,
      model: this.#id,
      topLogprobs: TOP,
    });
    for await (const piece of pieces) yield own?.separate(piece) ?? piece;
  }

  describe(): EngineDescription {
    return { adapter: this.host, software: false, features: [], numerics: numericsId('server') };
  }

  dispose(): void {
    // Nothing is held on the server between two requests.
  }
}
