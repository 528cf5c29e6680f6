import type { TokenId, TokenKind } from '../contract.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A stretch of plain text, or a special token that stood in it. */
export type Fragment = string | TokenId;

/** Breaks what would be read as a control token. A noncharacter: Unicode keeps it for such use, and no text has it. */
export const MARK = '\uFDD0';

/** UTF-16 units of a special token that is looked for. Published ones have up to some fifty. */
const MAX_LENGTH = 128;

const ALWAYS: readonly TokenKind[] = ['user-defined'];
const CONTROL: readonly TokenKind[] = ['control', 'unknown'];
const ALL: readonly TokenKind[] = ['control', 'unknown', 'user-defined'];

/**
 * Finds special tokens in text, the longest texts first, as llama.cpp does (`tokenizer_st_partition`). User-defined
 * tokens are always found; control and unknown ones only when asked for, so that a visitor who types `<|im_end|>`
 * gets those letters and does not end the turn.
 */
export class SpecialTokens {
  readonly #always: SpecialTexts;
  readonly #control: SpecialTexts;
  readonly #all: SpecialTexts;

  constructor(vocabulary: Vocabulary) {
    this.#always = new SpecialTexts(vocabulary, ALWAYS);
    this.#control = new SpecialTexts(vocabulary, CONTROL);
    this.#all = new SpecialTexts(vocabulary, ALL);
  }

  /** @returns fragments of `text` in order; no string among them is empty */
  split(text: string, parseSpecial: boolean): Fragment[] {
    return (parseSpecial ? this.#all : this.#always).split(text);
  }

  /**
   * What a person wrote, with marks, so that `split` finds no control token in it, whatever a template puts around it: not in
   * its midst, nor one that begins at its end. Single letters that are control tokens cannot be kept apart.
   */
  guarded(text: string): string {
    let guarded = text.replaceAll(MARK, '\uFFFD');
    // What is left may be a token that overlapped the one that was broken.
    for (let cuts = this.#control.inner(guarded); cuts.length > 0; cuts = this.#control.inner(guarded)) {
      guarded =
        cuts.map((at, i) => guarded.slice(i === 0 ? 0 : cuts[i - 1], at)).join(MARK) +
        MARK +
        guarded.slice(cuts.at(-1));
    }
    // Templates cut the space at an end away.
    const end = guarded.trimEnd().length;
    return this.#control.begunAtEnd(guarded.slice(0, end))
      ? guarded.slice(0, end) + MARK + guarded.slice(end)
      : guarded;
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
  /** Letters with which a text of several begins. */
  readonly #firsts = new Set<number>();

  constructor({ texts, kinds }: Vocabulary, wanted: readonly TokenKind[]) {
    texts.forEach((text, id) => {
      if (
        text === '' ||
        text.length > MAX_LENGTH ||
        text.includes(MARK) ||
        !wanted.includes(kinds[id]!) ||
        this.#idOf.has(text)
      )
        return;
      this.#idOf.set(text, id);
      if (text.length > 1) this.#firsts.add(text.charCodeAt(0));
      const pair = pairAt(text, 0, text.length);
      const lengths = this.#lengths.get(pair);
      if (lengths) lengths.add(text.length);
      else this.#lengths.set(pair, new Set([text.length]));
    });
  }

  split(text: string): Fragment[] {
    const fragments: Fragment[] = [];
    let end = 0;
    for (const { id, at, length } of this.#find(text)) {
      if (at > end) fragments.push(text.slice(end, at));
      fragments.push(id);
      end = at + length;
    }
    if (end < text.length) fragments.push(text.slice(end));
    return fragments;
  }

  /** For each token in the text a place within it, in order; none for tokens of one letter. */
  inner(text: string): number[] {
    return this.#find(text).flatMap(({ at, length }) => {
      const letter = text.codePointAt(at)! > 0xffff ? 2 : 1;
      return length > letter ? [at + letter] : [];
    });
  }

  /** Whether the text ends with letters with which a token begins. More is told than that: two letters are looked at. */
  begunAtEnd(text: string): boolean {
    for (let at = Math.max(0, text.length - MAX_LENGTH); at < text.length; at++) {
      if (at === text.length - 1) return this.#firsts.has(text.charCodeAt(at));
      for (const length of this.#lengths.get(pairAt(text, at, 2)) ?? [])
        if (at + length > text.length) return true;
    }
    return false;
  }

  #find(text: string): { readonly id: TokenId; readonly at: number; readonly length: number }[] {
    const found: { id: TokenId; at: number; length: number }[] = [];
    /** 1 for each place that belongs to a token. */
    let taken: Uint8Array | null = null;
    for (const [length, places] of this.#places(text)) {
      const here: { id: TokenId; at: number }[] = [];
      for (const at of places) {
        const id = taken?.[at] ? undefined : this.#idOf.get(text.slice(at, at + length));
        if (id !== undefined) here.push({ id, at });
      }
      // Of two that overlap the one with the lower id is taken, and of one that overlaps itself the leftmost.
      for (const { id, at } of here.sort((a, b) => a.id - b.id || a.at - b.at)) {
        taken ??= new Uint8Array(text.length);
        // A token that was taken before is no shorter, so that it covers an end of what it overlaps.
        if (taken[at] || taken[at + length - 1]) continue;
        taken.fill(1, at, at + length);
        found.push({ id, at, length });
      }
    }
    return found.sort((a, b) => a.at - b.at);
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
