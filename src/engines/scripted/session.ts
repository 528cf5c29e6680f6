/** Sequences over the script, with the KV pages that a real engine would have: forks share them and copy them on write. */
import {
  EngineError,
  type KvUsage,
  type PrefillOptions,
  type PrefillResult,
  type SequenceId,
  type Session,
  type StepEntry,
  type TokenId,
} from '../contract.ts';
import { scriptedLogits } from './script.ts';
import { VOCABULARY } from './vocabulary.ts';

const PAGE_TOKENS = 16;

export interface ScriptedSessionOptions {
  readonly contextLength: number;
  readonly maxBatch: number;
  readonly pagesTotal: number;
  /** Milliseconds per forward pass. */
  readonly stepDelay: number;
}

interface Page {
  owners: number;
}

interface Sequence {
  readonly tokens: TokenId[];
  readonly pages: Page[];
}

export class ScriptedSession implements Session {
  readonly #options: ScriptedSessionOptions;
  readonly #sequences = new Map<SequenceId, Sequence>();
  #next: SequenceId = 0;
  #pagesUsed = 0;
  #busy = false;

  constructor(options: ScriptedSessionOptions) {
    this.#options = options;
  }

  async prefill(tokens: readonly TokenId[], options: PrefillOptions = {}): Promise<PrefillResult> {
    if (tokens.length === 0) {
      throw new EngineError('empty-prompt', 'The prompt is empty; write something to continue from.');
    }
    tokens.forEach(checkToken);
    return this.#alone(async () => {
      const continued = options.sequence !== undefined;
      const id = continued ? options.sequence! : this.#open();
      const sequence = this.#sequence(id);
      try {
        for (const [i, token] of tokens.entries()) {
          if (options.signal?.aborted) throw new EngineError('aborted', 'The run was stopped.');
          this.#append(sequence, token);
          options.onLogits?.(sequence.tokens.length - 1, scriptedLogits(sequence.tokens));
          if ((i + 1) % 256 === 0 || i + 1 === tokens.length) options.onProgress?.(i + 1, tokens.length);
        }
      } catch (error) {
        if (!continued) this.release(id);
        throw error;
      }
      await this.#pass();
      return { sequence: id, logits: scriptedLogits(sequence.tokens), reused: 0 };
    });
  }

  async step(entries: readonly StepEntry[]): Promise<Float32Array[]> {
    const { maxBatch } = this.#options;
    if (entries.length === 0 || entries.length > maxBatch) {
      throw new EngineError(
        'not-supported',
        `A step takes 1 to ${maxBatch} sequences, not ${entries.length}; split it.`,
      );
    }
    if (new Set(entries.map(({ sequence }) => sequence)).size < entries.length) {
      throw new EngineError('bad-sequence', 'A sequence was named twice in one step; name each once.');
    }
    entries.forEach(({ token }) => checkToken(token));
    const sequences = entries.map(({ sequence }) => this.#sequence(sequence));
    return this.#alone(async () => {
      await this.#pass();
      return sequences.map((sequence, i) => {
        this.#append(sequence, entries[i]!.token);
        return scriptedLogits(sequence.tokens);
      });
    });
  }

  fork(id: SequenceId, length?: number): SequenceId {
    const source = this.#sequence(id);
    const kept = length ?? source.tokens.length;
    if (!Number.isInteger(kept) || kept < 0 || kept > source.tokens.length) {
      throw new EngineError(
        'bad-sequence',
        `Sequence ${id} has ${source.tokens.length} tokens and cannot be forked at ${kept}; choose a length within it.`,
      );
    }
    const pages = source.pages.slice(0, Math.ceil(kept / PAGE_TOKENS));
    for (const page of pages) page.owners++;
    const fork = this.#next++;
    this.#sequences.set(fork, { tokens: source.tokens.slice(0, kept), pages });
    return fork;
  }

  release(id: SequenceId): void {
    const { pages } = this.#sequence(id);
    for (const page of pages) this.#drop(page);
    this.#sequences.delete(id);
  }

  tokens(id: SequenceId): readonly TokenId[] {
    return this.#sequence(id).tokens;
  }

  get usage(): KvUsage {
    return {
      pagesUsed: this.#pagesUsed,
      pagesTotal: this.#options.pagesTotal,
      pageTokens: PAGE_TOKENS,
      bytesPerPage: 0,
    };
  }

  #open(): SequenceId {
    this.#sequences.set(this.#next, { tokens: [], pages: [] });
    return this.#next++;
  }

  #sequence(id: SequenceId): Sequence {
    const found = this.#sequences.get(id);
    if (found === undefined) {
      throw new EngineError('bad-sequence', `There is no sequence ${id}; it was released or never opened.`);
    }
    return found;
  }

  #append(sequence: Sequence, token: TokenId): void {
    const { contextLength } = this.#options;
    if (sequence.tokens.length >= contextLength) {
      throw new EngineError(
        'context-full',
        `The context of ${contextLength} tokens is full; shorten the text or start anew.`,
      );
    }
    const place = sequence.tokens.length % PAGE_TOKENS;
    const last = sequence.pages.at(-1);
    if (place === 0) sequence.pages.push(this.#take());
    else if (last !== undefined && last.owners > 1) {
      const copy = this.#take();
      this.#drop(last);
      sequence.pages[sequence.pages.length - 1] = copy;
    }
    sequence.tokens.push(token);
  }

  #take(): Page {
    const { pagesTotal } = this.#options;
    if (this.#pagesUsed >= pagesTotal) {
      throw new EngineError(
        'out-of-memory',
        `All ${pagesTotal} KV pages are in use; end some lanes or shorten the text.`,
      );
    }
    this.#pagesUsed++;
    return { owners: 1 };
  }

  #drop(page: Page): void {
    if (--page.owners === 0) this.#pagesUsed--;
  }

  /** Calls may not overlap: a second call while the first runs is the caller's mistake, and throws. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new EngineError('not-supported', 'The session is busy; wait for the call before to end.');
    }
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  async #pass(): Promise<void> {
    const { stepDelay } = this.#options;
    if (stepDelay > 0) await new Promise((resolve) => setTimeout(resolve, stepDelay));
  }
}

function checkToken(token: TokenId): void {
  if (Number.isInteger(token) && token >= 0 && token < VOCABULARY.length) return;
  throw new EngineError(
    'bad-token',
    `Token ${token} is not in the vocabulary of ${VOCABULARY.length} tokens; use an id below that.`,
  );
}
