/**
 * Checks the pages without a GPU: random lives of sequences over a plain memory. Each position of a page holds a hash of the
 * tokens up to it, as a key and a value depend on them, and each sequence must find its own hashes.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAGE_TOKENS } from '../../../src/engines/webgpu/kernels/context.ts';
import { type Sequence, SequenceTable } from '../../../src/engines/webgpu/model/sequence_table.ts';

/** Few pages, so that they often run out. */
const PAGES = 9;

class PlainPages {
  readonly table = new SequenceTable(PAGES);
  readonly #memory = Array.from({ length: PAGES }, () => new Array<number>(PAGE_TOKENS).fill(NaN));
  live: Sequence[] = [];

  prefill(tokens: readonly number[], fresh: boolean): void {
    const sequence = fresh ? this.table.create() : this.table.forkPrefix(tokens);
    if (sequence.cached >= tokens.length) throw new Error('the last token must be computed');
    expect(sequence.tokens).toEqual(tokens.slice(0, sequence.tokens.length));
    sequence.tokens.push(...tokens.slice(sequence.tokens.length));
    const from = sequence.cached;
    if (this.#write([{ sequence, from, to: tokens.length }])) {
      sequence.cached = tokens.length;
      this.live.push(sequence);
    } else this.table.release(sequence.id);
  }

  /** Steps each sequence by one token, or none. */
  step(sequences: readonly Sequence[], token: number): void {
    const ranges = sequences.map((sequence) => {
      const from = sequence.tokens.length;
      return { sequence, from, to: from + 1 };
    });
    for (const { tokens } of sequences) tokens.push(token);
    if (this.#write(ranges)) for (const sequence of sequences) sequence.cached++;
    else for (const { tokens } of sequences) tokens.pop();
  }

  fork(source: Sequence, length: number): void {
    this.live.push(this.table.fork(source, length));
  }

  release(sequence: Sequence): void {
    this.table.release(sequence.id);
    this.live = this.live.filter((other) => other !== sequence);
  }

  check(): void {
    for (const { tokens, pages, cached } of this.live) {
      expect(cached).toBe(tokens.length);
      const found = tokens.map((_, p) => this.#memory[pages[Math.floor(p / PAGE_TOKENS)]!]![p % PAGE_TOKENS]);
      expect(found).toEqual(histories(tokens));
    }
    const used = new Set(
      this.live.flatMap(({ pages, cached }) => pages.slice(0, Math.ceil(cached / PAGE_TOKENS))),
    );
    expect(this.table.pagesUsed).toBe(used.size);
    expect(used.size).toBeLessThanOrEqual(PAGES);
  }

  /** Acts like the device: copies first, in order, then every row. @returns false when there was no page */
  #write(ranges: readonly { sequence: Sequence; from: number; to: number }[]): boolean {
    let copies: [number, number][];
    try {
      copies = this.table.makeWritable(ranges);
    } catch (error) {
      expect(error).toMatchObject({ code: 'out-of-memory' });
      return false;
    }
    for (const [source, target] of copies) this.#memory[target] = [...this.#memory[source]!];
    for (const { sequence, from, to } of ranges) {
      const history = histories(sequence.tokens);
      for (let p = from; p < to; p++)
        this.#memory[sequence.pages[Math.floor(p / PAGE_TOKENS)]!]![p % PAGE_TOKENS] = history[p]!;
    }
    return true;
  }
}

/** A hash for each position of all tokens up to it (FNV-1a). */
function histories(tokens: readonly number[]): number[] {
  let hash = 0x811c9dc5;
  return tokens.map((token) => (hash = Math.imul(hash ^ (token + 1), 0x01000193)));
}

type Action = (pages: PlainPages) => void;

const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % Math.max(1, items.length)];

/** A few different prompts, so that prefixes recur, with lengths near the ends of pages. */
const length = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(31, 32, 33, 64, 65));
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(length, fc.integer({ min: 0, max: 2 }), fc.boolean()).map(([count, kind, fresh]): Action => {
    const tokens = Array.from({ length: count }, (_, i) => (i < 40 ? i : i * (kind + 1)));
    return (pages) => pages.prefill(tokens, fresh);
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([at, cut]): Action => (pages) => {
    const source = pick(pages.live, at);
    if (source) pages.fork(source, cut % (source.tokens.length + 1));
  }),
  fc
    .tuple(fc.nat(), fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 3 }))
    .map(([at, count, token]): Action => (pages) => {
      const from = at % Math.max(1, pages.live.length);
      const some = pages.live.slice(from, from + count);
      if (some.length > 0) pages.step(some, token);
    }),
  fc.nat().map((at): Action => (pages) => {
    const sequence = pick(pages.live, at);
    if (sequence) pages.release(sequence);
  }),
);

describe('pages of sequences', () => {
  test('hold what their sequence wrote, whatever others do, and also when they run out', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 5, maxLength: 60 }), (actions) => {
        const pages = new PlainPages();
        for (const act of actions) {
          act(pages);
          pages.check();
        }
        for (const sequence of pages.live) pages.release(sequence);
        expect(pages.table.pagesUsed).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
