import { EngineError, type TokenId } from '../contract.ts';
import type { Metadata } from '../gguf/metadata.ts';
import { BYTE_LETTERS, bytesOfLetters, lettersOfBytes } from './byte_letters.ts';
import { MergeTable } from './merge_table.ts';
import { mergePairs } from './pair_merging.ts';
import { preTokenizer, splitWords } from './pre_tokenizers.ts';
import type { TextEncoding } from './text_encoding.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Byte-level BPE (`tokenizer.ggml.model` = gpt2): it cuts text into words, and within a word it merges the bytes by
 * rank. Source: Sennrich et al. 2016, Radford et al. 2019.
 *
 * @throws EngineError `unsupported-tokenizer`, `bad-file`
 */
export function bytePairEncoding(metadata: Metadata, vocabulary: Vocabulary): TextEncoding {
  const { patterns, ignoreMerges, addBos } = preTokenizer(metadata.string('tokenizer.ggml.pre', 'default'));
  const merges = new MergeTable(metadata.stringArray('tokenizer.ggml.merges'), vocabulary.idOf);
  // Some vocabularies lack the bytes that never occur in UTF-8 (C0, F5 …). Printable ASCII is required.
  const byteIds = BYTE_LETTERS.map((letter) => vocabulary.idOf.get(letter) ?? -1);
  const missing = byteIds.findIndex((id, byte) => id < 0 && byte < 0x80 && byte >= 0x20 && byte !== 0x7f);
  if (missing >= 0) {
    throw new EngineError(
      'unsupported-tokenizer',
      `The vocabulary has no token for the letter "${String.fromCharCode(missing)}", so it is not a byte-level vocabulary; please choose another conversion of the model.`,
    );
  }
  const toBytes = new TextEncoder();

  function encodeWord(word: string, out: TokenId[], lost?: Set<string>): void {
    const bytes = toBytes.encode(word);
    if (ignoreMerges) {
      const whole = vocabulary.idOf.get(lettersOfBytes(bytes));
      if (whole !== undefined) {
        out.push(whole);
        return;
      }
    }
    // Bytes without a token are dropped, as llama.cpp does: no token could represent them.
    const ids = Array.from(bytes, (byte) => byteIds[byte]!).filter((id) => id >= 0);
    if (lost && ids.length < bytes.length) {
      for (const character of word) {
        if (toBytes.encode(character).some((byte) => byteIds[byte]! < 0)) lost.add(character);
      }
    }
    const remaining = mergePairs(
      ids.length,
      (left, right) => {
        const rank = merges.rank(ids[left]!, ids[right]!);
        return rank < 0 ? Infinity : rank;
      },
      (left, right) => (ids[left] = merges.joined(merges.rank(ids[left]!, ids[right]!))),
    );
    for (const i of remaining) out.push(ids[i]!);
  }

  return {
    addsSpace: false,
    addsBos: addBos,
    encode: (text, _first, out, lost) => {
      for (const word of splitWords(text, patterns)) encodeWord(word, out, lost);
    },
    bytes: bytesOfLetters,
  };
}
