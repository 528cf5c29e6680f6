/**
 * The scripted model's vocabulary: six special tokens, the 256 bytes, then words and punctuation marks in the classes that its
 * script combines. A word token carries its leading space, as in GPT-2's vocabulary.
 */
import type { TokenKind } from '../contract.ts';

export type WordClass = 'determiner' | 'adjective' | 'noun' | 'verb' | 'preposition' | 'conjunction' | 'stop';

export interface ScriptedToken {
  readonly bytes: Uint8Array;
  readonly kind: TokenKind;
  readonly wordClass: WordClass | null;
}

const SPECIAL = ['<bos>', '<eos>', '<|system|>', '<|user|>', '<|assistant|>', '<|end|>'] as const;

const WORDS: Readonly<Record<WordClass, string>> = {
  determiner: 'the a one every this that her his their another',
  adjective:
    'little big old young red blue green yellow happy sad quiet loud kind brave clever tired hungry shiny tiny warm cold soft dark bright strange',
  noun: 'cat dog girl boy bird fox bear mouse tree house garden river mountain ball boat book cake star moon sun door key king queen friend mother father child storm forest',
  verb: 'saw found loved wanted took gave made lost heard followed chased asked helped painted opened carried remembered forgot watched kissed',
  preposition: 'in on under near behind with without over beside',
  conjunction: 'and but while because',
  stop: '. ! ?',
};

const encoder = new TextEncoder();

function build(): ScriptedToken[] {
  const tokens: ScriptedToken[] = SPECIAL.map((text) => ({
    bytes: encoder.encode(text),
    kind: 'control',
    wordClass: null,
  }));
  for (let byte = 0; byte < 256; byte++) {
    tokens.push({ bytes: Uint8Array.of(byte), kind: 'byte', wordClass: null });
  }
  for (const [wordClass, words] of Object.entries(WORDS) as [WordClass, string][]) {
    for (const word of words.split(' ')) {
      const text = wordClass === 'stop' ? word : ` ${word}`;
      tokens.push({ bytes: encoder.encode(text), kind: 'normal', wordClass });
    }
  }
  for (const text of ['Once', ' upon', ' time', 'The', ' said', ',', '"', ' there', ' was', ' were', '\n']) {
    tokens.push({ bytes: encoder.encode(text), kind: 'normal', wordClass: null });
  }
  return tokens;
}

export const VOCABULARY: readonly ScriptedToken[] = build();
export const BOS = 0;
export const EOS = 1;
export const SYSTEM = 2;
export const USER = 3;
export const ASSISTANT = 4;
export const END = 5;
/** Id of byte 0. */
export const FIRST_BYTE = SPECIAL.length;
