import { EngineError, type SequenceId, type TokenId } from '../../contract.ts';
import { PAGE_TOKENS } from '../kernels/context.ts';
import { PagePool } from './page_pool.ts';

export interface Sequence {
  readonly id: SequenceId;
  readonly tokens: TokenId[];
  /** One KV page per 32 tokens; other sequences may share the first ones. */
  readonly pages: number[];
  /** Number of tokens whose keys and values are in the pages. */
  cached: number;
  /** How many of these, from the first on, a prefill wrote: their bits depend only on the tokens before them. */
  prefilled: number;
}

/** Maximum of released sequences that are kept for their prefix until their pages are needed. */
const MAX_RETAINED = 16;

/** Which sequence owns which KV pages. A fork copies page numbers, not pages; writing into a shared page copies that page. */
export class SequenceTable {
  readonly #live = new Map<SequenceId, Sequence>();
  /** Oldest first. */
  #retained: Sequence[] = [];
  #pool: PagePool;
  #next = 1;

  constructor(pages: number) {
    this.#pool = new PagePool(pages);
  }

  get pagesUsed(): number {
    const used = new Set<number>();
    for (const { pages } of this.#live.values()) for (const page of pages) used.add(page);
    return used.size;
  }

  get(id: SequenceId): Sequence {
    const sequence = this.#live.get(id);
    if (sequence) return sequence;
    throw new EngineError('bad-sequence', `Sequence ${id} is not open; it was released or never made.`);
  }

  create(): Sequence {
    const sequence: Sequence = { id: this.#next++, tokens: [], pages: [], cached: 0, prefilled: 0 };
    this.#live.set(sequence.id, sequence);
    return sequence;
  }

  /** A new sequence with the first `length` tokens of `source`. */
  fork(source: Sequence, length = source.tokens.length): Sequence {
    if (!Number.isInteger(length) || length < 0 || length > source.tokens.length) {
      throw new EngineError(
        'bad-sequence',
        `Sequence ${source.id} has ${source.tokens.length} tokens and cannot be forked at ${length}.`,
      );
    }
    const fork = this.create();
    fork.tokens.push(...source.tokens.slice(0, length));
    fork.cached = Math.min(length, source.cached);
    fork.prefilled = Math.min(length, source.prefilled);
    fork.pages.push(...source.pages.slice(0, Math.ceil(fork.cached / PAGE_TOKENS)));
    for (const page of fork.pages) this.#pool.share(page);
    return fork;
  }

  /**
   * A new sequence with the longest prefix of `tokens` whose KV a prefill has written. It is at least one token shorter than
   * `tokens`, because the logits of the last token are not kept.
   */
  forkPrefix(tokens: readonly TokenId[]): Sequence {
    const found = this.#longestPrefix(tokens, 0, tokens.length - 1);
    return found ? this.fork(found.source, found.length) : this.create();
  }

  /** Shares the pages of the longest prefix of `sequence` that another sequence has cached, if that is longer than its own. */
  adoptPrefix(sequence: Sequence, most: number): void {
    const found = this.#longestPrefix(sequence.tokens, sequence.cached, most);
    if (!found) return;
    const pages = found.source.pages.slice(0, Math.ceil(found.length / PAGE_TOKENS));
    for (const page of pages) this.#pool.share(page);
    for (const page of sequence.pages.splice(0, Infinity, ...pages)) this.#pool.release(page);
    sequence.cached = sequence.prefilled = found.length;
  }

  /** Finds a prefix of more than `least` and at most `most` tokens. */
  #longestPrefix(tokens: readonly TokenId[], least: number, most: number) {
    let source: Sequence | undefined;
    let length = least;
    for (const candidate of [...this.#live.values(), ...this.#retained]) {
      const common = commonPrefix(candidate.tokens, tokens, Math.min(candidate.prefilled, most));
      if (common > length) [source, length] = [candidate, common];
    }
    return source && { source, length };
  }

  release(id: SequenceId): void {
    const sequence = this.#live.get(id);
    if (!sequence) return;
    this.#live.delete(id);
    this.#retained.push(sequence);
    if (this.#retained.length > MAX_RETAINED) this.#dropOldest();
  }

  /** Cuts a sequence back to its first `length` tokens. */
  truncate(sequence: Sequence, length: number): void {
    sequence.tokens.length = length;
    this.uncache(sequence, length);
  }

  /** Discards the keys and values of `sequence` from its token `length` on. */
  uncache(sequence: Sequence, length: number): void {
    sequence.cached = Math.min(sequence.cached, length);
    sequence.prefilled = Math.min(sequence.prefilled, length);
    for (const page of sequence.pages.splice(Math.ceil(sequence.cached / PAGE_TOKENS)))
      this.#pool.release(page);
  }

  /**
   * Gives each sequence its own pages for positions `from` to `to` − 1. If there are not enough pages, no sequence gets any, so
   * that no copy is pending for a sequence whose step did not run.
   * @returns pages to copy before they are written, [source, target]
   * @throws EngineError `out-of-memory` if every page is in use
   */
  makeWritable(
    ranges: readonly { readonly sequence: Sequence; readonly from: number; readonly to: number }[],
  ): [number, number][] {
    const wanted: { pages: number[]; at: number; keeps: boolean }[] = [];
    /** References to each shared page that this call gives up: the last of its sequences may write into the page itself. */
    const givenUp = new Map<number, number>();
    for (const { sequence, from, to } of ranges) {
      for (let at = Math.floor(from / PAGE_TOKENS); at < Math.ceil(to / PAGE_TOKENS); at++) {
        const page = sequence.pages[at];
        if (page !== undefined) {
          const given = givenUp.get(page) ?? 0;
          if (this.#pool.references(page) - given < 2) continue;
          givenUp.set(page, given + 1);
        }
        // A page that is written from its first slot on needs no copy.
        wanted.push({ pages: sequence.pages, at, keeps: from > at * PAGE_TOKENS });
      }
    }
    const fresh = this.#take(wanted.length);
    const copies: [number, number][] = [];
    wanted.forEach(({ pages, at, keeps }, i) => {
      const shared = pages[at];
      pages[at] = fresh[i]!;
      if (shared === undefined) return;
      if (keeps) copies.push([shared, fresh[i]!]);
      this.#pool.release(shared);
    });
    return copies;
  }

  /** After the loss of a device: nothing is cached, and there are `pages` new pages. */
  forgetPages(pages: number): void {
    this.#pool = new PagePool(pages);
    this.#retained = [];
    for (const sequence of this.#live.values()) {
      sequence.pages.length = 0;
      sequence.cached = 0;
      sequence.prefilled = 0;
    }
  }

  /** Takes this many pages, or none. */
  #take(count: number): number[] {
    const taken: number[] = [];
    while (taken.length < count) {
      const page = this.#pool.take();
      if (page !== undefined) taken.push(page);
      else if (this.#retained.length > 0) this.#dropOldest();
      else {
        for (const unused of taken) this.#pool.release(unused);
        throw new EngineError(
          'out-of-memory',
          `All ${this.#pool.size} pages of the KV cache (${this.#pool.size * PAGE_TOKENS} tokens) are in use; please close some branches or lanes, or load the model with a longer context.`,
        );
      }
    }
    return taken;
  }

  #dropOldest(): void {
    for (const page of this.#retained.shift()?.pages ?? []) this.#pool.release(page);
  }
}

function commonPrefix(a: readonly TokenId[], b: readonly TokenId[], most: number): number {
  let n = 0;
  while (n < most && a[n] === b[n]) n++;
  return n;
}
