/** Vocabularies that are made to stall their readers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeTable } from '../../../src/engines/tokenizer/merge_table.ts';
import { type Fragment, SpecialTokens } from '../../../src/engines/tokenizer/special_tokens.ts';

/** Compares times with each other and not with a limit, because the machine may be busy. */
function time(work: () => unknown): number {
  const start = performance.now();
  work();
  return Math.max(20, performance.now() - start);
}

describe('merges', () => {
  const count = 2000;
  const idOf = new Map(Array.from({ length: count }, (_, id) => [`t${id}_`, id]));

  /** `most` pairs that an earlier hash function put into the first `slots` of a table for that many. */
  function pairs(most: number, slots: number): string[] {
    const mask = 2 ** Math.ceil(Math.log2(2 * most + 2)) - 1;
    const found: string[] = [];
    for (let left = 0; left < count; left++) {
      for (let right = 0; right < count && found.length < most; right++) {
        const h = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
        if (((h ^ (h >>> 15)) & mask) < slots) found.push(`t${left}_ t${right}_`);
      }
    }
    return found;
  }

  it('that are made to collide in a hash table take no longer than others', () => {
    // The result of a merge does not matter here.
    const known = new Proxy(idOf, {
      get: (map, key) =>
        key === 'get' ? (text: string) => map.get(text) ?? (text ? 0 : undefined) : Reflect.get(map, key),
    });
    const most = 40_000;
    const hostile = pairs(most, 1000);
    expect(hostile.length).toBeGreaterThan(20_000);
    const others = pairs(hostile.length, Infinity);
    time(() => new MergeTable(others, known));
    const usual = time(() => new MergeTable(others, known));
    expect(time(() => new MergeTable(hostile, known))).toBeLessThan(8 * usual);
  });
});

describe('special tokens', () => {
  /** Finds them like llama.cpp: token after token, longest first, in all remaining text. */
  function oneByOne(texts: readonly string[], text: string): Fragment[] {
    const ids = texts.map((_, id) => id).filter((id) => texts[id] !== '');
    ids.sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
    let fragments: Fragment[] = text === '' ? [] : [text];
    for (const id of ids) {
      fragments = fragments.flatMap((fragment) => {
        if (typeof fragment !== 'string') return [fragment];
        return fragment
          .split(texts[id]!)
          .flatMap((piece, i) => [...(i > 0 ? [id] : []), ...(piece === '' ? [] : [piece])]);
      });
    }
    return fragments;
  }
  const tokensOf = (texts: readonly string[]): SpecialTokens =>
    new SpecialTokens({ texts, kinds: texts.map(() => 'user-defined'), idOf: new Map() });

  it('are found as llama.cpp finds them, however they overlap', () => {
    const near = fc.string({ unit: fc.constantFrom('a', 'b', '🙂'), maxLength: 5 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '🙂', 'c'), maxLength: 30 });
    fc.assert(
      fc.property(fc.array(near, { maxLength: 8 }), text, (texts, given) => {
        expect(tokensOf(texts).split(given, false)).toEqual(oneByOne(texts, given));
      }),
      { numRuns: 3000 },
    );
  });

  it('may number 300,000, and a text takes about as long as with ten', () => {
    const made = (length: number) => Array.from({ length }, (_, id) => `<|token ${id * 7919}|>`);
    const text = `${'<|token 7919|> and <|nothing '.repeat(300)}`;
    const [few, many] = [tokensOf(made(10)), tokensOf(made(300_000))];
    few.split(text, true);
    const usual = time(() => few.split(text, true));
    expect(time(() => many.split(text, true))).toBeLessThan(8 * usual);
    expect(many.split(text, true).filter((fragment) => fragment === 1)).toHaveLength(300);
  });
});
