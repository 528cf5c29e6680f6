/**
 * The scripted model: logits as a pure function of the tokens so far. One word class follows another with fixed odds, and a hash of
 * the last tokens chooses the word. The longer the text, the likelier a full stop ends it. Runs thus read like stories, and every
 * machine computes the same bits.
 */
import type { TokenId } from '../contract.ts';
import { BOS, END, EOS, VOCABULARY, type WordClass } from './vocabulary.ts';

type Start = WordClass | 'other';

/** ln-odds of each class after another; an absent class is very unlikely. */
const FOLLOWS: Readonly<Record<Start, Partial<Record<WordClass, number>>>> = {
  determiner: { adjective: 1, noun: 2 },
  adjective: { adjective: -1.5, noun: 3 },
  noun: { verb: 2, preposition: 1, conjunction: 0.5, stop: 3.5 },
  verb: { determiner: 3, preposition: 0 },
  preposition: { determiner: 3 },
  conjunction: { determiner: 3, adjective: -1 },
  stop: { determiner: 2.5, adjective: 0 },
  other: { determiner: 2.5, adjective: 0.5, noun: 0 },
};

const UNLIKELY = -6;
/** Number of context tokens that the choice of a word depends on. */
const MEMORY = 4;

/** Mixes 32-bit integers (the finaliser of MurmurHash3). */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** @returns logits [vocabulary] for the token after `tokens` */
export function scriptedLogits(tokens: readonly TokenId[]): Float32Array<ArrayBuffer> {
  let context = 0x5eed;
  for (const token of tokens.slice(-MEMORY)) context = mix(context, token + 1);
  const last = VOCABULARY[tokens.at(-1)!]!;
  const odds = FOLLOWS[last.wordClass ?? 'other'];
  // After a full stop, the longer the text the likelier its end.
  const ending = last.wordClass === 'stop' ? tokens.length / 20 - 2 : -8;
  return Float32Array.from(VOCABULARY, ({ kind, wordClass }, id) => {
    const noise = mix(context, id) / 2 ** 32;
    if (id === EOS || id === END) return (id === EOS ? ending : ending - 3) + noise;
    if (kind === 'control') return id === BOS ? -20 : -16 + noise;
    if (kind === 'byte') return -14 + 2 * noise;
    // Squared noise leaves a few favourites and a long tail.
    return (wordClass === null ? UNLIKELY : (odds[wordClass] ?? UNLIKELY)) + 4 * noise * noise;
  });
}
