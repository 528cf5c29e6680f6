/**
 * Shared by the sessions whose library has one KV cache that cannot be shared between sequences: sequences by id, one token per
 * step, no fork. The adapter computes the logits of a text.
 */
import {
  EngineError,
  type KvUsage,
  type PrefillOptions,
  type PrefillResult,
  type SequenceId,
  type Session,
  type StepEntry,
  type TokenId,
} from './contract.ts';

export interface SingleSequenceOptions {
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly kvBytesPerToken: number;
}

/** Words for this engine in messages. */
export interface EngineWords {
  /** `web-llm` in “web-llm takes one sequence per step”. */
  readonly name: string;
  /** `in web-llm` in “this model's context in web-llm holds 2048”. */
  readonly place: string;
  /** What to do instead of a fork. */
  readonly instead: string;
}

export abstract class SingleSequenceSession implements Session {
  readonly #options: SingleSequenceOptions;
  readonly #words: EngineWords;
  readonly #sequences = new Map<SequenceId, TokenId[]>();
  #next: SequenceId = 0;

  constructor(options: SingleSequenceOptions, words: EngineWords) {
    this.#options = options;
    this.#words = words;
  }

  /**
   * @param all the whole text, at least one token
   * @param from first position whose logits go to `onLogits`
   * @returns logits after the last token, which the caller may keep, and how many tokens were evaluated before
   */
  protected abstract evaluate(
    all: readonly TokenId[],
    from: number,
    options: PrefillOptions,
  ): Promise<{ logits: Float32Array; reused: number }>;

  /** Tokens in the KV cache. */
  protected abstract get held(): number;

  protected get vocabularySize(): number {
    return this.#options.vocabularySize;
  }

  async prefill(tokens: readonly TokenId[], options: PrefillOptions = {}): Promise<PrefillResult> {
    if (tokens.length === 0) {
      throw new EngineError('empty-prompt', 'The prompt is empty; write something to continue from.');
    }
    const before = options.sequence === undefined ? [] : this.#sequence(options.sequence);
    const all = [...before, ...tokens];
    this.#check(tokens, all.length);
    const { logits, reused } = await this.evaluate(all, before.length, options);
    const sequence = options.sequence ?? this.#next++;
    this.#sequences.set(sequence, all);
    return { sequence, logits, reused };
  }

  async step(entries: readonly StepEntry[]): Promise<Float32Array[]> {
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      throw new EngineError(
        'not-supported',
        `${this.#words.name} takes one sequence per step, not ${entries.length}; split the step.`,
      );
    }
    const all = [...this.#sequence(entry.sequence), entry.token];
    this.#check([entry.token], all.length);
    const { logits } = await this.evaluate(all, all.length - 1, {});
    this.#sequences.set(entry.sequence, all);
    return [logits];
  }

  fork(): SequenceId {
    const { name, instead } = this.#words;
    throw new EngineError('not-supported', `${name} holds one sequence and cannot fork it; ${instead}.`);
  }

  /** Its KV stays until another text takes its place: the next run often begins the same way. */
  release(sequence: SequenceId): void {
    this.#sequence(sequence);
    this.#sequences.delete(sequence);
  }

  tokens(sequence: SequenceId): readonly TokenId[] {
    return this.#sequence(sequence);
  }

  get usage(): KvUsage {
    const { contextLength, kvBytesPerToken } = this.#options;
    return {
      pagesUsed: this.held,
      pagesTotal: contextLength,
      pageTokens: 1,
      bytesPerPage: kvBytesPerToken,
    };
  }

  #sequence(id: SequenceId): TokenId[] {
    const found = this.#sequences.get(id);
    if (found) return found;
    throw new EngineError('bad-sequence', `There is no sequence ${id}; it was released or never opened.`);
  }

  #check(tokens: readonly TokenId[], length: number): void {
    const { vocabularySize, contextLength } = this.#options;
    const bad = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
    if (bad !== undefined) {
      throw new EngineError(
        'bad-token',
        `Token ${bad} is not in this model's vocabulary of ${vocabularySize}; choose one that is.`,
      );
    }
    if (length > contextLength) {
      throw new EngineError(
        'context-full',
        `The text would be ${length} tokens long, and this model's context ${this.#words.place} holds ${contextLength}; shorten it.`,
      );
    }
  }
}
