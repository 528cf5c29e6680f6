import { EngineError, type TokenId } from '../contract.ts';
import type { Metadata } from '../gguf/metadata.ts';
import { mergePairs } from './pair_merging.ts';
import type { TextEncoding } from './text_encoding.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Sentencepiece writes a space as U+2581. */
const SPACE = '▁';

/**
 * Sentencepiece's BPE (`tokenizer.ggml.model` = llama): it joins neighbours as long as the joined text is a token, the best score
 * first. A letter that is not a token becomes its bytes. Source: Kudo and Richardson 2018; llama.cpp
 * src/llama-vocab.cpp, `llm_tokenizer_spm_session`.
 *
 * @throws EngineError `bad-file`, `unsupported-tokenizer` if there are neither byte tokens nor an unknown token
 */
export function sentencepieceEncoding(
  metadata: Metadata,
  vocabulary: Vocabulary,
  unknown: TokenId | null,
): TextEncoding {
  const { texts, idOf } = vocabulary;
  const scores = metadata.numberArray('tokenizer.ggml.scores');
  if (scores.length !== texts.length || Array.prototype.some.call(scores, Number.isNaN)) {
    throw new EngineError(
      'bad-file',
      `The file has ${texts.length} tokens, but its ${scores.length} scores do not fit them; it is damaged, so please download it again.`,
    );
  }
  const byteIds = Array.from({ length: 256 }, (_, byte) => idOf.get(byteText(byte)) ?? unknown);
  if (byteIds.includes(null)) {
    throw new EngineError(
      'unsupported-tokenizer',
      'The vocabulary has neither byte tokens nor an unknown token, so not every text could be encoded; please choose another conversion of the model.',
    );
  }
  const addsSpace = metadata.boolean('tokenizer.ggml.add_space_prefix', true);
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const toBytes = new TextEncoder();

  return {
    addsSpace,
    addsBos: true,
    encode: (plain, first, out) => {
      const text = (addsSpace && first ? ` ${plain}` : plain).replaceAll(' ', SPACE);
      const letters = Array.from(text);
      /** Where each symbol begins and ends in `text`. */
      const begin = new Int32Array(letters.length);
      const end = new Int32Array(letters.length);
      let at = 0;
      letters.forEach((letter, i) => {
        begin[i] = at;
        at += letter.length;
        end[i] = at;
      });
      const remaining = mergePairs(
        letters.length,
        (left, right) => {
          if (end[right]! - begin[left]! > longest) return Infinity;
          const id = idOf.get(text.slice(begin[left], end[right]));
          return id === undefined ? Infinity : -scores[id]!;
        },
        (left, right) => (end[left] = end[right]!),
      );
      for (const i of remaining) {
        const symbol = text.slice(begin[i], end[i]);
        const id = idOf.get(symbol);
        if (id !== undefined) out.push(id);
        else for (const byte of toBytes.encode(symbol)) out.push(byteIds[byte]!);
      }
    },
    bytes: (text) => toBytes.encode(text.replaceAll(SPACE, ' ')),
  };
}

/** The text of a byte token: `<0x0A>`. */
function byteText(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
