/**
 * What every engine gives and every strategy may rely on. Nothing here knows how logits are made.
 * A strategy declares what it needs (`Capabilities`); the page disables what an engine cannot give, and says why.
 */

/** A token's index in the model's vocabulary. */
export type TokenId = number;

/** Names one sequence of a session: tokens, and the KV cache that belongs to them. Never reused within a session. */
export type SequenceId = number;

export type EngineKind = 'webgpu' | 'web-llm' | 'openai' | 'wllama' | 'scripted';

/** What an engine can give. The page reads this and disables the rest with the reason. */
export interface Capabilities {
  /** `full`: a logit for each entry of the vocabulary. `top-n`: logprobs of the n most likely only. */
  readonly logits: 'full' | 'top-n' | 'none';
  /** Depth of `top-n`; the vocabulary's size for `full`. */
  readonly maxLogprobs: number;
  /** `fork` is O(1) and shares the KV cache of the common prefix. */
  readonly fork: boolean;
  /** Logits at prompt positions can be had. */
  readonly promptLogprobs: boolean;
  /** `PrefillOptions.onSummary` works: the most tokens that a summary lists, 0 where there are none. */
  readonly summaryTop: number;
  /** Most sequences in one `step`. */
  readonly maxBatch: number;
  /** The tokenizer can be asked for the ids of a text. */
  readonly tokenizer: boolean;
}

/** The model as the page names it. Sizes in bytes. */
export interface ModelInfo {
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly vocabularySize: number;
  /** Most tokens of one sequence, prompt and output together. */
  readonly contextLength: number;
  readonly layers: number;
  readonly embeddingLength: number;
  readonly fileSize: number;
  /** Weights as they lie in memory. */
  readonly weightBytes: number;
  /** KV cache bytes for one token. */
  readonly kvBytesPerToken: number;
  /** Number of tensors of each block format, e.g. `{ Q4_K: 168, Q6_K: 22, F32: 49 }`. */
  readonly formats: Readonly<Record<string, number>>;
  readonly licence?: string;
  readonly description?: string;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export type TokenKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

/** Turns text to token ids and back. Pure and synchronous. */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly bos: TokenId | null;
  readonly eos: TokenId | null;
  /** Every id that ends a generation (end of text, end of turn). */
  readonly endOfGeneration: ReadonlySet<TokenId>;
  readonly hasChatTemplate: boolean;
  /**
   * @param addSpecial prepend/append what the model was trained with (BOS …); default false
   * @param parseSpecial read `<|im_end|>` and the like in the text as their control tokens; default false
   * @param lost is given the characters of the text that no token stands for: the model does not read them
   */
  encode(
    text: string,
    options?: { addSpecial?: boolean; parseSpecial?: boolean; lost?: Set<string> },
  ): TokenId[];
  /** The bytes that this token stands for; several tokens together may make one UTF-8 character. */
  bytes(token: TokenId): Uint8Array;
  /** A label for a chart: the token's text, with a partial character as `\xE2`. Never empty for a real token. */
  label(token: TokenId): string;
  kind(token: TokenId): TokenKind;
  decode(tokens: readonly TokenId[]): string;
  /** Feeds tokens one by one and gives text back only when it is whole UTF-8. */
  decoder(): StreamDecoder;
  /**
   * A chat as the model reads it. Control tokens are the template's own: the same letters in a message are letters.
   * @param lost as for `encode`
   * @throws EngineError `bad-template` when the model has no chat template, or it fails on these messages
   */
  encodeChat(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean; lost?: Set<string> },
  ): EncodedChat;
}

export interface EncodedChat {
  /** What the template made of the messages. */
  readonly text: string;
  readonly tokens: TokenId[];
}

export interface StreamDecoder {
  /** @returns the text that became complete with this token; may be empty */
  push(token: TokenId): string;
  /** @returns what is left, an incomplete character as U+FFFD */
  end(): string;
  clone(): StreamDecoder;
}

/** What a row of raw logits comes to, for whoever does not need all of them. Logs are natural, entropy in nats. */
export interface LogitSummary {
  /** ln Σ exp(logit): a logprob is a logit minus this. */
  readonly logNormaliser: number;
  readonly entropy: number;
  /** The token that follows in the sequence; null after the last one. Rank 1 is the most likely, ties by id. */
  readonly next: { readonly token: TokenId; readonly logit: number; readonly rank: number } | null;
  /** The most likely tokens, the likeliest first, ties by id. */
  readonly top: readonly { readonly token: TokenId; readonly logit: number }[];
}

export interface PrefillOptions {
  /** Continue this sequence instead of opening a new one. */
  readonly sequence?: SequenceId;
  /**
   * Called for each position `i` (index into the whole sequence) with the logits that predict token `i + 1`.
   * The array is the callee's to keep. Given, no cached prefix is reused unless its logits are known.
   */
  readonly onLogits?: (position: number, logits: Float32Array) => void;
  /**
   * As `onLogits`, but only what each row comes to: a few numbers from the GPU instead of a whole vocabulary. Not for the
   * last position, whose logits are the result's.
   */
  readonly onSummary?: (position: number, summary: LogitSummary) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface PrefillResult {
  readonly sequence: SequenceId;
  /** Raw logits after the last token, length = vocabulary size; the caller's to keep. */
  readonly logits: Float32Array;
  /** Tokens whose KV was already there. */
  readonly reused: number;
}

export interface StepEntry {
  readonly sequence: SequenceId;
  readonly token: TokenId;
}

/**
 * Sequences of tokens over one model. Calls may not overlap, except `fork`, `release` and the getters.
 * Every method that runs the model throws `EngineError`.
 */
export interface Session {
  /** Runs the model over `tokens` (at least one), reusing the KV cache of a common prefix where there is one. */
  prefill(tokens: readonly TokenId[], options?: PrefillOptions): Promise<PrefillResult>;
  /**
   * Appends one token to each of up to `maxBatch` distinct sequences in one forward pass.
   * @returns raw logits [vocabulary size] for each entry, in order; bit-identical to those of the entry alone
   */
  step(entries: readonly StepEntry[]): Promise<Float32Array[]>;
  /** A new sequence with the first `length` tokens (default all). O(1): KV pages are shared, copied on write. */
  fork(sequence: SequenceId, length?: number): SequenceId;
  release(sequence: SequenceId): void;
  tokens(sequence: SequenceId): readonly TokenId[];
  readonly usage: KvUsage;
}

/** KV pages in use now; a page shared by several sequences counts once. */
export interface KvUsage {
  readonly pagesUsed: number;
  readonly pagesTotal: number;
  readonly pageTokens: number;
  readonly bytesPerPage: number;
}

/** What every engine is, whether it gives logits or samples by itself. */
export interface EngineBase {
  readonly kind: EngineKind;
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;
  readonly tokenizer: Tokenizer;
  /** What the page's machine view shows: adapter, features, limits, counters. Plain values only. */
  describe(): EngineDescription;
  /** Decodes a few tokens to see what one costs, where that can be counted. */
  measure?(): Promise<StepMeasure | null>;
  dispose(): void;
}

/** An engine that gives logits. */
export type Engine = EngineBase & { readonly session: Session };

export interface EngineDescription {
  readonly adapter: string;
  /** A CPU that plays the GPU (llvmpipe, SwiftShader): its speeds say nothing of a GPU. */
  readonly software: boolean;
  readonly features: readonly string[];
  /** How its logits are computed, for comparing a record with this machine (numerics.ts). */
  readonly numerics: string;
  /** What the engine's test of its own kernels found; absent where there is none. */
  readonly selfTest?: SelfTestReport;
  readonly counters?: StepCounters;
}

/** Kernels run over small problems with known answers before they are used; what comes out wrong is left aside. */
export interface SelfTestReport {
  /** Kernel variants that came out right on this adapter, now or on an earlier load. */
  readonly checks: number;
  /** Milliseconds that testing added to the load; compiling is not in it, since the model needs it too. 0 where an earlier load knew everything. */
  readonly ms: number;
  /** What is left aside on this adapter, a sentence each. */
  readonly detours: readonly string[];
}

/** Per decoded token in the steady state, counted at the device. Bytes are those that the shaders read, or copy back. */
export interface StepCounters {
  readonly dispatches: number;
  readonly submits: number;
  readonly writeBuffers: number;
  readonly buffersCreated: number;
  readonly bindGroupsCreated: number;
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly readbackBytes: number;
}

/** What one decoded token costs, counted at the device, and the GPU's time by kernel where it has timestamps. */
export interface StepMeasure {
  readonly counters: StepCounters;
  /** Longest first; null where the device has no timestamps. */
  readonly kernels: readonly { readonly kernel: string; readonly ms: number }[] | null;
  /** Tokens that stood in the KV cache. */
  readonly context: number;
}

/** Where a model's bytes come from: a `File`, a URL with range requests, a buffer, a cache. Reads may overlap. */
export interface ByteSource {
  /** File name, for messages. */
  readonly name: string;
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`, in a buffer that is the caller's to keep.
   * @throws EngineError `bad-file` past the end, `network`, `aborted`
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** Where a load stands. `total` is 0 while unknown. */
export interface LoadProgress {
  readonly stage: 'download' | 'header' | 'tokenizer' | 'shaders' | 'weights' | 'ready';
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** Of a download, where it can be told. */
  readonly bytesPerSecond?: number;
  /** Why nothing arrives at this moment. */
  readonly waiting?: string;
}

export interface LoadOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

export type EngineErrorCode =
  | 'no-webgpu'
  | 'no-adapter'
  | 'missing-limit'
  | 'bad-file'
  | 'unsupported-architecture'
  | 'unsupported-format'
  | 'unsupported-tokenizer'
  | 'bad-template'
  | 'out-of-memory'
  | 'storage-full'
  | 'context-full'
  | 'empty-prompt'
  | 'bad-token'
  | 'bad-sequence'
  | 'device-lost'
  | 'device-error'
  | 'wrong-results'
  | 'network'
  | 'bad-reply'
  | 'aborted'
  /** The worker that ran the engine died or was ended before it answered. */
  | 'worker-ended'
  | 'not-supported';

/** Each message is one sentence for the page: it names the thing, its value, and the way out. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly code: EngineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
