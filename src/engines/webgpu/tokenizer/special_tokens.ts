import type { TokenId, TokenKind } from '../../contract.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A stretch of plain text, or a special token that stood in it. */
export type Fragment = string | TokenId;

/** UTF-16 units of a special token that is looked for. Published ones have up to some fifty. */
const MAX_LENGTH = 128;

const ALWAYS: readonly TokenKind[] = ['user-defined'];
const ALL: readonly TokenKind[] = ['control', 'unknown', 'user-defined'];

/**
 * Finds special tokens in text, the longest texts first, as llama.cpp does (`tokenizer_st_partition`). User-defined
 * tokens are always found; control and unknown ones only when asked for, so that a visitor who types `<|im_end|>`
 * gets those letters and does not end the turn.
 */
export class SpecialTokens {
  readonly #always: SpecialTexts;
  readonly #all: SpecialTexts;

  constructor(vocabulary: Vocabulary) {
    this.#always = new SpecialTexts(vocabulary, ALWAYS);
    this.#all = new SpecialTexts(vocabulary, ALL);
  }

  /** @returns fragments of `text` in order; no string among them is empty */
  split(text: string, parseSpecial: boolean): Fragment[] {
    return (parseSpecial ? this.#all : this.#always).split(text);
  }
}

/**
 * Texts of tokens, found without a look at each of them: a file may have a million. By its first two letters a place in a text
 * has the lengths that may begin there, and a stretch of such a length is looked up.
 */
class SpecialTexts {
  /** Lengths, the longest first, by the pair of letters with which a text of that length begins. */
  readonly #lengths = new Map<number, Set<number>>();
  readonly #idOf = new Map<string, TokenId>();

  constructor({ texts, kinds }: Vocabulary, wanted: readonly TokenKind[]) {
    texts.forEach((text, id) => {
      if (text === '' || text.length > MAX_LENGTH || !wanted.includes(kinds[id]!) || this.#idOf.has(text))
        return;
      this.#idOf.set(text, id);
      const pair = pairAt(text, 0, text.length);
      const lengths = this.#lengths.get(pair);
      if (lengths) lengths.add(text.length);
      else this.#lengths.set(pair, new Set([text.length]));
    });
  }

  split(text: string): Fragment[] {
    const found: { id: TokenId; at: number }[] = [];
    /** For each place that belongs to a token the first one after it; 0 for the others. */
    let taken: Int32Array | null = null;
    for (const [length, places] of this.#places(text)) {
      const here: typeof found = [];
      for (const at of places) {
        const id = taken?.[at] ? undefined : this.#idOf.get(text.slice(at, at + length));
        if (id !== undefined) here.push({ id, at });
      }
      // Of two that overlap the one with the lower id is taken, and of one that overlaps itself the leftmost.
      for (const { id, at } of here.sort((a, b) => a.id - b.id || a.at - b.at)) {
        taken ??= new Int32Array(text.length);
        // A token that was taken before is no shorter, so that it covers an end of what it overlaps.
        if (taken[at] || taken[at + length - 1]) continue;
        taken.fill(at + length, at, at + length);
        found.push({ id, at });
      }
    }
    if (!taken) return text === '' ? [] : [text];
    const fragments: Fragment[] = [];
    let end = 0;
    for (const { id, at } of found.sort((a, b) => a.at - b.at)) {
      if (at > end) fragments.push(text.slice(end, at));
      fragments.push(id);
      end = taken[at]!;
    }
    if (end < text.length) fragments.push(text.slice(end));
    return fragments;
  }

  /** Where a token of each length may begin, the longest first. */
  #places(text: string): [length: number, places: number[]][] {
    const places = new Map<number, number[]>();
    if (this.#idOf.size === 0) return [];
    for (let at = 0; at < text.length; at++) {
      // A text of one letter has no second one.
      for (const letters of [2, 1]) {
        for (const length of this.#lengths.get(pairAt(text, at, letters)) ?? []) {
          if (at + length > text.length) continue;
          const known = places.get(length);
          if (known) known.push(at);
          else places.set(length, [at]);
        }
      }
    }
    return [...places].sort(([a], [b]) => b - a);
  }
}

/** The letter there with the one after it, or without one where there are no two. */
function pairAt(text: string, at: number, letters: number): number {
  return text.charCodeAt(at) * 0x10000 + (letters > 1 ? text.charCodeAt(at + 1) : -1);
}
