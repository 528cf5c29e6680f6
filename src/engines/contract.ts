/**
 * What every engine provides and every strategy may rely on. Nothing here knows how logits are computed.
 * A strategy declares what it needs (`Capabilities`). The page disables what an engine cannot provide, and says why.
 */

/** A token's index in the model's vocabulary. */
export type TokenId = number;

/** Names one sequence of a session: its tokens and their KV cache. Ids are never reused within a session. */
export type SequenceId = number;

export type EngineKind = 'webgpu' | 'web-llm' | 'openai' | 'wllama' | 'scripted';

/** What an engine can provide. The page reads this, disables the rest, and says why. */
export interface Capabilities {
  /** `full`: one logit per entry of the vocabulary. `top-n`: logprobs of only the n most likely tokens. */
  readonly logits: 'full' | 'top-n' | 'none';
  /** Depth of `top-n`; the vocabulary's size for `full`. */
  readonly maxLogprobs: number;
  /** `fork` is O(1) and shares the KV cache of the common prefix. */
  readonly fork: boolean;
  /** Logits at prompt positions are available. */
  readonly promptLogprobs: boolean;
  /** Maximum of tokens that a summary lists (`PrefillOptions.onSummary`); 0 if the engine gives no summaries. */
  readonly summaryTop: number;
  /** Maximum of sequences in one `step`. */
  readonly maxBatch: number;
  /** The tokenizer can convert a text to ids. */
  readonly tokenizer: boolean;
}

/** The model as the page names it. Sizes in bytes. */
export interface ModelInfo {
  readonly name: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly vocabularySize: number;
  /** Maximum of tokens in one sequence, prompt and output together. */
  readonly contextLength: number;
  readonly layers: number;
  readonly embeddingLength: number;
  readonly fileSize: number;
  /** Bytes of the weights in memory. */
  readonly weightBytes: number;
  /** KV cache bytes per token. */
  readonly kvBytesPerToken: number;
  /** Number of tensors per block format, e.g. `{ Q4_K: 168, Q6_K: 22, F32: 49 }`. */
  readonly formats: Readonly<Record<string, number>>;
  readonly licence?: string;
  readonly description?: string;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export type TokenKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

/** Converts text to token ids and back. Pure and synchronous. */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly bos: TokenId | null;
  readonly eos: TokenId | null;
  /** Every id that ends a generation (end of text, end of turn). */
  readonly endOfGeneration: ReadonlySet<TokenId>;
  readonly hasChatTemplate: boolean;
  /**
   * @param addSpecial add the special tokens that the model was trained with (BOS …); default false
   * @param parseSpecial read `<|im_end|>` and the like in the text as control tokens; default false
   * @param lost receives the characters of the text that have no token: the model does not see them
   */
  encode(
    text: string,
    options?: { addSpecial?: boolean; parseSpecial?: boolean; lost?: Set<string> },
  ): TokenId[];
  /** The bytes of this token; several tokens together may make one UTF-8 character. */
  bytes(token: TokenId): Uint8Array;
  /** A label for a chart: the token's text, with a partial character as `\xE2`. Never empty for a real token. */
  label(token: TokenId): string;
  kind(token: TokenId): TokenKind;
  decode(tokens: readonly TokenId[]): string;
  /** Takes tokens one by one, and returns text only when it is whole UTF-8. */
  decoder(): StreamDecoder;
  /**
   * A chat as the model reads it. Only the template writes control tokens: the same letters in a message stay letters.
   * @param lost as for `encode`
   * @throws EngineError `bad-template` if the model has no chat template, or the template fails on these messages
   */
  encodeChat(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean; lost?: Set<string> },
  ): EncodedChat;
}

export interface EncodedChat {
  /** The template's output for the messages. */
  readonly text: string;
  readonly tokens: TokenId[];
}

export interface StreamDecoder {
  /** @returns the text that this token completes; may be empty */
  push(token: TokenId): string;
  /** @returns the rest; an incomplete character becomes U+FFFD */
  end(): string;
  clone(): StreamDecoder;
}

/** A summary of a row of raw logits, for callers that do not need all of them. Logs are natural, entropy in nats. */
export interface LogitSummary {
  /** ln Σ exp(logit): a logprob is a logit minus this. */
  readonly logNormaliser: number;
  readonly entropy: number;
  /** The next token of the sequence; null after the last one. Rank 1 is the most likely, ties by id. */
  readonly next: { readonly token: TokenId; readonly logit: number; readonly rank: number } | null;
  /** The most likely tokens, most likely first, ties by id. */
  readonly top: readonly { readonly token: TokenId; readonly logit: number }[];
}

export interface PrefillOptions {
  /** Continue this sequence instead of opening a new one. */
  readonly sequence?: SequenceId;
  /**
   * Called for each position `i` (index into the whole sequence) with the logits that predict token `i + 1`.
   * The callee may keep the array. With `onLogits`, a cached prefix is reused only if its logits are known.
   */
  readonly onLogits?: (position: number, logits: Float32Array) => void;
  /**
   * As `onLogits`, but with a summary per row: a few numbers from the GPU instead of a whole vocabulary. It is not called for the
   * last position, because the result holds that position's logits.
   */
  readonly onSummary?: (position: number, summary: LogitSummary) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface PrefillResult {
  readonly sequence: SequenceId;
  /** Raw logits after the last token, length = vocabulary size; the caller may keep the array. */
  readonly logits: Float32Array;
  /** Number of tokens whose KV was already cached. */
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
  /** Runs the model over `tokens` (at least one), and reuses the KV cache of a common prefix if there is one. */
  prefill(tokens: readonly TokenId[], options?: PrefillOptions): Promise<PrefillResult>;
  /**
   * Appends one token to each of up to `maxBatch` distinct sequences in one forward pass.
   * @returns raw logits [vocabulary size] per entry, in order; bit-identical to a step of that entry alone
   */
  step(entries: readonly StepEntry[]): Promise<Float32Array[]>;
  /** A new sequence with the first `length` tokens (default: all). O(1): it shares KV pages and copies them on write. */
  fork(sequence: SequenceId, length?: number): SequenceId;
  release(sequence: SequenceId): void;
  tokens(sequence: SequenceId): readonly TokenId[];
  readonly usage: KvUsage;
}

/** KV pages in use; a page that several sequences share counts once. */
export interface KvUsage {
  readonly pagesUsed: number;
  readonly pagesTotal: number;
  readonly pageTokens: number;
  readonly bytesPerPage: number;
}

/** What all engines have in common, whether they give logits or sample themselves. */
export interface EngineBase {
  readonly kind: EngineKind;
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;
  readonly tokenizer: Tokenizer;
  /** The content of the page's machine view: adapter, features, limits, counters. Plain values only. */
  describe(): EngineDescription;
  /** Decodes a few tokens to measure the cost of one; null if the engine cannot count it. */
  measure?(): Promise<StepMeasure | null>;
  dispose(): void;
}

/** An engine that gives logits. */
export type Engine = EngineBase & { readonly session: Session };

export interface EngineDescription {
  readonly adapter: string;
  /** The CPU emulates the GPU (llvmpipe, SwiftShader): its timings say nothing about a GPU. */
  readonly software: boolean;
  readonly features: readonly string[];
  /** How its logits are computed, for comparing a record with this machine (numerics.ts). */
  readonly numerics: string;
  /** Result of the engine's test of its own kernels; absent if it has no such test. */
  readonly selfTest?: SelfTestReport;
  readonly counters?: StepCounters;
}

/** The engine runs its kernels over small problems with known answers before it uses them, and avoids those that fail. */
export interface SelfTestReport {
  /** Number of kernel variants that gave right results on this adapter, now or on an earlier load. */
  readonly checks: number;
  /** Milliseconds that testing added to the load, without compiling, which the model needs too. 0 if all verdicts were kept. */
  readonly ms: number;
  /** What the engine avoids on this adapter, one sentence each. */
  readonly detours: readonly string[];
}

/** Counts per decoded token in the steady state, counted at the device. Bytes are those that the shaders read, or copy back. */
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

/** The cost of one decoded token, counted at the device, and the GPU's time by kernel if the device has timestamps. */
export interface StepMeasure {
  readonly counters: StepCounters;
  /** Longest first; null if the device has no timestamps. */
  readonly kernels: readonly { readonly kernel: string; readonly ms: number }[] | null;
  /** Number of tokens in the KV cache. */
  readonly context: number;
}

/** Where a model's bytes come from: a `File`, a URL with range requests, a buffer, a cache. Reads may overlap. */
export interface ByteSource {
  /** File name, for messages. */
  readonly name: string;
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`, in a buffer that the caller may keep.
   * @throws EngineError `bad-file` past the end, `network`, `aborted`
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
}

/** How far a load has come. `total` is 0 while unknown. */
export interface LoadProgress {
  readonly stage: 'download' | 'header' | 'tokenizer' | 'shaders' | 'weights' | 'ready';
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** Speed of a download, if it is known. */
  readonly bytesPerSecond?: number;
  /** Why no bytes arrive at the moment. */
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
  /** The worker that ran the engine died or was terminated before it answered. */
  | 'worker-ended'
  | 'not-supported';

/** Each message is one sentence for the page. It names the thing, its value, and a way out. */
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
