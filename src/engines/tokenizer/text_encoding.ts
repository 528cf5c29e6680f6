import type { TokenId } from '../contract.ts';

/** What differs between the kinds of tokenizer. */
export interface TextEncoding {
  /**
   * Appends the ids of a stretch of plain text.
   * @param first nothing but special tokens comes before it
   * @param lost is given the characters that no token stands for
   */
  encode(text: string, first: boolean, out: TokenId[], lost?: Set<string>): void;
  /** The bytes that a token of kind `normal` stands for. */
  bytes(text: string): Uint8Array;
  /** Whether encoding puts a space before the text, which decoding a whole text takes away again. */
  readonly addsSpace: boolean;
  /** BOS is prepended unless the file says otherwise. */
  readonly addsBos: boolean;
}
