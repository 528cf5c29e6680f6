import type { TokenId } from '../../contract.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A stretch of plain text, or a special token that stood in it. */
export type Fragment = string | TokenId;

/**
 * Finds special tokens in text, the longest texts first, as llama.cpp does (`tokenizer_st_partition`). User-defined
 * tokens are always found; control and unknown ones only when asked for, so that a visitor who types `<|im_end|>`
 * gets those letters and does not end the turn.
 */
export class SpecialTokens {
  readonly #always: readonly TokenId[];
  readonly #all: readonly TokenId[];
  readonly #texts: readonly string[];

  constructor({ texts, kinds }: Vocabulary) {
    this.#texts = texts;
    const special = texts
      .map((_, id) => id)
      .filter((id) => texts[id] !== '' && ['control', 'unknown', 'user-defined'].includes(kinds[id]!))
      .sort((a, b) => texts[b]!.length - texts[a]!.length || a - b);
    this.#all = special;
    this.#always = special.filter((id) => kinds[id] === 'user-defined');
  }

  /** @returns fragments of `text` in order; no string among them is empty */
  split(text: string, parseSpecial: boolean): Fragment[] {
    let fragments: Fragment[] = text === '' ? [] : [text];
    for (const id of parseSpecial ? this.#all : this.#always) {
      const special = this.#texts[id]!;
      // Most special tokens are in no text: do not copy the list for them.
      if (!fragments.some((fragment) => typeof fragment === 'string' && fragment.includes(special))) continue;
      fragments = fragments.flatMap((fragment) =>
        typeof fragment === 'string' ? splitAround(fragment, special, id) : [fragment],
      );
    }
    return fragments;
  }
}

function splitAround(text: string, special: string, id: TokenId): Fragment[] {
  const fragments: Fragment[] = [];
  text.split(special).forEach((piece, i) => {
    if (i > 0) fragments.push(id);
    if (piece !== '') fragments.push(piece);
  });
  return fragments;
}
