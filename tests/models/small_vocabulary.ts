/**
 * Small but complete tokenizers for the random models, so that llama.cpp loads them and any text can be encoded. They have the
 * 256 bytes, some merges learnt from a paragraph by byte-pair encoding, and the special tokens of the family.
 */
import type { WrittenValue } from './gguf_writer.ts';

const TEXT = `the little model reads the letters of the line and then it writes the next one; the other letters wait
there until they are needed. In the end all that there is to see is a list of numbers, and the largest of these is
the one that it takes, unless the dice say another.`;

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const UNUSED = 5;
const BYTE = 6;

interface Entry {
  readonly text: string;
  readonly kind: number;
  readonly score: number;
}

/** A sentencepiece vocabulary (`tokenizer.ggml.model` = llama): <unk>, <s>, </s>, 256 bytes, then pieces by merge. */
export function sentencepieceVocabulary(size: number): Map<string, WrittenValue> {
  const entries: Entry[] = [
    { text: '<unk>', kind: UNKNOWN, score: 0 },
    { text: '<s>', kind: CONTROL, score: 0 },
    { text: '</s>', kind: CONTROL, score: 0 },
  ];
  for (let byte = 0; byte < 256; byte++) {
    entries.push({ text: `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, kind: BYTE, score: 0 });
  }
  const words = TEXT.split(/\s+/).map((word) => Array.from(`▁${word}`));
  const letters = [...new Set(words.flat())].sort();
  // Single letters come last in a sentencepiece vocabulary, so that every merge has a better score than they do.
  const merges = learnMerges(words, Math.max(0, size - entries.length - letters.length));
  merges.forEach(([left, right], rank) => entries.push({ text: left + right, kind: NORMAL, score: -rank }));
  letters.forEach((letter, i) => entries.push({ text: letter, kind: NORMAL, score: -merges.length - i }));
  return new Map<string, WrittenValue>([
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ...entryLists(padTo(size, entries), true),
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: 1 }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: 2 }],
    ['tokenizer.ggml.unknown_token_id', { type: 'u32', value: 0 }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: true }],
    ['tokenizer.ggml.add_eos_token', { type: 'bool', value: false }],
  ]);
}

/** A byte-level BPE vocabulary (`gpt2`): 256 bytes as letters, pieces by merge, and three special tokens. */
export function bytePairVocabulary(size: number, pre: string): Map<string, WrittenValue> {
  const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  const letters = byteLetters();
  const encoder = new TextEncoder();
  const words = (TEXT.match(/\s*\S+/g) ?? []).map((word) =>
    Array.from(encoder.encode(word.replace(/\s+/g, ' ')), (byte) => letters[byte]!),
  );
  const merges = learnMerges(words, Math.max(0, size - letters.length - special.length));
  const entries: Entry[] = [
    ...letters.map((text) => ({ text, kind: NORMAL, score: 0 })),
    ...merges.map(([left, right]) => ({ text: left + right, kind: NORMAL, score: 0 })),
    ...special.map((text) => ({ text, kind: CONTROL, score: 0 })),
  ];
  const firstSpecial = letters.length + merges.length;
  return new Map<string, WrittenValue>([
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: pre }],
    ...entryLists(padTo(size, entries), false),
    ['tokenizer.ggml.merges', { type: 'strings', value: merges.map((pair) => pair.join(' ')) }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: firstSpecial }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: firstSpecial + 2 }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
  ]);
}

/** The letter that GPT-2 writes for each byte: itself if it is printable, otherwise the next one from U+0100 on. */
function byteLetters(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(prints ? byte : next++);
  });
}

/** Byte-pair encoding (Sennrich et al. 2016): joins the most frequent pair, and on a tie the first in order. */
function learnMerges(words: string[][], count: number): [string, string][] {
  const merges: [string, string][] = [];
  const made = new Set<string>();
  while (merges.length < count) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]!} ${word[i + 1]!}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    let best: string | undefined;
    for (const [pair, n] of counts) {
      if (made.has(pair.replace(' ', ''))) continue;
      if (best === undefined || n > counts.get(best)! || (n === counts.get(best)! && pair < best))
        best = pair;
    }
    if (best === undefined) break;
    const [left, right] = best.split(' ') as [string, string];
    merges.push([left, right]);
    made.add(left + right);
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, left + right);
      }
    }
  }
  return merges;
}

function padTo(size: number, entries: Entry[]): Entry[] {
  if (entries.length > size)
    throw new Error(`a vocabulary of ${size} has no room for its ${entries.length} entries`);
  for (let i = entries.length; i < size; i++) {
    entries.push({ text: `<unused${i}>`, kind: UNUSED, score: -size });
  }
  return entries;
}

function entryLists(entries: readonly Entry[], scores: boolean): [string, WrittenValue][] {
  const lists: [string, WrittenValue][] = [
    ['tokenizer.ggml.tokens', { type: 'strings', value: entries.map(({ text }) => text) }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: entries.map(({ kind }) => kind) }],
  ];
  if (scores)
    lists.push(['tokenizer.ggml.scores', { type: 'f32s', value: entries.map(({ score }) => score) }]);
  return lists;
}
