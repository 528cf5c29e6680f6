/** The state of a grammar along one text. */
import type { CompiledGrammar, GrammarMatcher } from '@mlc-ai/web-xgrammar';
import type { TokenId } from '../../engines/contract.ts';
import type { Constraint } from '../constraint.ts';
import { loadLibrary } from './library.ts';
import { betweenCharacters, type Utf8Masks } from './utf8_masks.ts';

/**
 * XGrammar's matchers cannot be copied, and creating one takes a turn of the event loop. A clone therefore keeps only the tokens; it
 * creates its own matcher and feeds it the tokens when it is first asked.
 */
export class GrammarConstraint implements Constraint {
  #matcher: GrammarMatcher | null = null;
  readonly #tokens: TokenId[];
  /** Number of tokens that the matcher has read. */
  #read = 0;
  #utf8 = betweenCharacters;
  /** A token chosen by hand left the grammar; from there on it allows everything. */
  #left = false;

  constructor(
    private readonly grammar: CompiledGrammar,
    private readonly utf8: Utf8Masks,
    tokens: readonly TokenId[] = [],
  ) {
    this.#tokens = [...tokens];
  }

  async allowed(): Promise<Int32Array | null> {
    if (this.#left) return null;
    if (!this.#matcher) {
      const { GrammarMatcher: Matcher } = await loadLibrary();
      this.#matcher = await Matcher.createGrammarMatcher(this.grammar);
    }
    const matcher = this.#matcher;
    for (; this.#read < this.#tokens.length; this.#read++) {
      const token = this.#tokens[this.#read]!;
      const state = this.utf8.after(this.#utf8, token);
      if (state === null || matcher.isTerminated() || !matcher.acceptToken(token)) {
        this.#left = true;
        return null;
      }
      this.#utf8 = state;
    }
    if (matcher.isTerminated()) return null;
    const mask = await matcher.getNextTokenBitmask();
    const valid = this.utf8.mask(this.#utf8);
    for (let word = 0; word < mask.length; word++) mask[word]! &= valid[word]!;
    return mask;
  }

  accept(token: TokenId): void {
    this.#tokens.push(token);
  }

  clone(): Constraint {
    return new GrammarConstraint(this.grammar, this.utf8, this.#tokens);
  }

  release(): void {
    this.#matcher?.dispose();
    this.#matcher = null;
    this.#read = 0;
    this.#utf8 = betweenCharacters;
  }
}
