import type { TokenId } from '../contract.ts';

/** The part of a tokenizer that depends on its kind. */
export interface TextEncoding {
  /**
   * Appends the ids of a stretch of plain text.
   * @param first only special tokens come before it
   * @param lost receives the characters that have no token
   */
  encode(text: string, first: boolean, out: TokenId[], lost?: Set<string>): void;
  /** The bytes of a token of kind `normal`. */
  bytes(text: string): Uint8Array;
  /** Whether encoding adds a space before the text; decoding a whole text removes it again. */
  readonly addsSpace: boolean;
  /** BOS is prepended unless the file says otherwise. */
  readonly addsBos: boolean;
}
