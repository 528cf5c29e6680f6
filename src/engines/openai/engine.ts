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

/** Alternatives requested per token: the maximum that chat servers allow. */
const TOP = 20;

/** More than any vocabulary has, for a server that gives ids but not their number. */
const MANY_TOKENS = 2 ** 24;

/**
 * A model that runs on a server and samples there. The page gets each token with the logprobs of the few most likely ones, but no
 * logits. So this engine has no session; `generate` replaces it.
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
   * Continues after `tokens`, which came from the prompt or from this server.
   * @throws EngineError `network`, `bad-reply`, `aborted`; `not-supported` when asked to continue a chat answer
   */
  async *generate(
    tokens: readonly TokenId[],
    { parameters, ...request }: Pick<GenerateRequest, 'maxTokens' | 'parameters' | 'signal'>,
  ): AsyncGenerator<Piece> {
    const messages = this.tokenizer.messages(tokens[0] ?? -1);
    if (messages && tokens.length > 1) {
      throw new EngineError(
        'not-supported',
        'A server cannot continue a chat answer from its middle; use the Text mode to branch, or run again.',
      );
    }
    const prompt = messages ? { messages } : { text: this.tokenizer.decode(tokens) };
    const own = this.#isLlamaCpp ? new OwnTokens() : null;
    const pieces = this.#server.generate({
      ...request,
      // A count in each chunk reveals tokens that the server does not report.
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
    // The server holds nothing between two requests.
  }
}
