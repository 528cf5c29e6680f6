import type { TokenId, TokenKind } from '../contract.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A stretch of plain text, or a special token found in the text. */
export type Fragment = string | TokenId;

/** Inserted to break up a would-be control token. It is a noncharacter: Unicode reserves it for such use, and no text contains it. */
export const MARK = '\uFDD0';

/** Maximum length of a special token, in UTF-16 units. Published ones have up to some fifty. */
const MAX_LENGTH = 128;

const ALWAYS: readonly TokenKind[] = ['user-defined'];
const CONTROL: readonly TokenKind[] = ['control', 'unknown'];
const ALL: readonly TokenKind[] = ['control', 'unknown', 'user-defined'];

/**
 * Finds special tokens in text, the longest first, as llama.cpp does (`tokenizer_st_partition`). It always finds user-defined
 * tokens. It finds control and unknown tokens only on request, so that a visitor who types `<|im_end|>` gets those letters and
 * does not end the turn.
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
   * Adds marks to what a person wrote, so that `split` finds no control token in it, whatever text a template puts around it: none
   * inside it, and none that begins at its end. A control token of a single letter cannot be broken up.
   */
  guarded(text: string): string {
    let guarded = text.replaceAll(MARK, '\uFFFD');
    // Breaking one token may leave another that overlapped it.
    for (let cuts = this.#control.inner(guarded); cuts.length > 0; cuts = this.#control.inner(guarded)) {
      guarded =
        cuts.map((at, i) => guarded.slice(i === 0 ? 0 : cuts[i - 1], at)).join(MARK) +
        MARK +
        guarded.slice(cuts.at(-1));
    }
    // Templates trim spaces at the end.
    const end = guarded.trimEnd().length;
    return this.#control.begunAtEnd(guarded.slice(0, end))
      ? guarded.slice(0, end) + MARK + guarded.slice(end)
      : guarded;
  }
}

/**
 * Finds the texts of tokens without testing each of them: a file may have a million. The first two letters at a place in the text
 * tell which lengths of token may begin there; a stretch of each such length is then looked up.
 */
class SpecialTexts {
  /** Lengths of tokens, the longest first, by the first two letters of the token. */
  readonly #lengths = new Map<number, Set<number>>();
  readonly #idOf = new Map<string, TokenId>();
  /** First letters of tokens with more than one letter. */
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

  /** For each token in the text, a place inside it, in order; tokens of one letter have none. */
  inner(text: string): number[] {
    return this.#find(text).flatMap(({ at, length }) => {
      const letter = text.codePointAt(at)! > 0xffff ? 2 : 1;
      return length > letter ? [at + letter] : [];
    });
  }

  /** Whether the text may end in the beginning of a token. It compares only two letters, so it may answer yes too often. */
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
      // If two tokens overlap, the lower id wins; if a token overlaps itself, the leftmost wins.
      for (const { id, at } of here.sort((a, b) => a.id - b.id || a.at - b.at)) {
        taken ??= new Uint8Array(text.length);
        // A token taken earlier is at least as long, so it covers the first or last letter of any token that it overlaps.
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
      // Tokens of one letter are stored under a pair without a second letter.
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

/** The key of the letter at `at`: together with the next letter, or alone if `letters` is 1. */
function pairAt(text: string, at: number, letters: number): number {
  return text.charCodeAt(at) * 0x10000 + (letters > 1 ? text.charCodeAt(at + 1) : -1);
}
