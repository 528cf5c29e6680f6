import { EngineError, type TokenId, type Tokenizer } from '../contract.ts';
import type { Metadata } from '../gguf/metadata.ts';
import { bytePairEncoding } from './byte_pair.ts';
import { chatTemplate } from './chat_template.ts';
import { labelOf } from './label.ts';
import { sentencepieceEncoding } from './sentencepiece.ts';
import { MARK, SpecialTokens } from './special_tokens.ts';
import { Utf8StreamDecoder } from './stream_decoder.ts';
import type { TextEncoding } from './text_encoding.ts';
import { tokenBytes } from './token_bytes.ts';
import { endOfGeneration, readVocabulary, specialId, type Vocabulary } from './vocabulary.ts';

/**
 * Creates the tokenizer that a GGUF file describes: `llama` (sentencepiece) or `gpt2` (byte-level BPE).
 *
 * We do not use @huggingface/tokenizers: it reads neither scores nor token kinds, always parses special tokens in text, does not
 * give the bytes of a token, and needs 90 MB for Llama 3's merges where this needs 5 MB. The tests compare the two.
 *
 * @throws EngineError `bad-file`, `unsupported-tokenizer`
 */
export function createTokenizer(metadata: Metadata): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  const { texts, kinds } = vocabulary;
  const sentencepiece = metadata.string('tokenizer.ggml.model') === 'llama';
  // Files that name neither belong to the first Llama, which has these ids (llama.cpp has the same fallback).
  const bos =
    specialId(metadata, 'bos_token_id', vocabulary) ?? (sentencepiece && texts.length > 2 ? 1 : null);
  const eos =
    specialId(metadata, 'eos_token_id', vocabulary) ?? (sentencepiece && texts.length > 2 ? 2 : null);
  const encoding = createEncoding(metadata, vocabulary);
  const special = new SpecialTokens(vocabulary);
  const addBos = metadata.boolean('tokenizer.ggml.add_bos_token', encoding.addsBos);
  const addEos = metadata.boolean('tokenizer.ggml.add_eos_token', false);
  const template = chatTemplate(metadata, bos === null ? '' : texts[bos]!, eos === null ? '' : texts[eos]!);

  const bytes = (token: TokenId): Uint8Array => tokenBytes(token, vocabulary, encoding);

  const decoder = () => new Utf8StreamDecoder(bytes, encoding.addsSpace ? bos : null);

  /** @param marks characters that `SpecialTokens.guarded` added to a message; they are not part of its text */
  function encodeText(text: string, parseSpecial: boolean, marks: string, lost?: Set<string>): TokenId[] {
    const ids: TokenId[] = [];
    let first = true;
    for (const fragment of special.split(wellFormed(text), parseSpecial)) {
      const plain = typeof fragment === 'string' && marks !== '' ? fragment.replaceAll(marks, '') : fragment;
      if (typeof plain !== 'string') ids.push(plain);
      else if (plain !== '') encoding.encode(plain, first, ids, lost);
      first = typeof plain !== 'string';
    }
    return ids;
  }

  return {
    vocabularySize: texts.length,
    bos,
    eos,
    endOfGeneration: endOfGeneration(vocabulary, [
      eos,
      specialId(metadata, 'eot_token_id', vocabulary),
      specialId(metadata, 'eom_token_id', vocabulary),
    ]),
    hasChatTemplate: template.exists,
    encode: (text, { addSpecial = false, parseSpecial = false, lost } = {}) => {
      const ids = encodeText(text, parseSpecial, '', lost);
      if (!addSpecial) return ids;
      // Chat templates write BOS themselves, and no model was trained with two.
      if (addBos && bos !== null && ids[0] !== bos) ids.unshift(bos);
      if (addEos && eos !== null) ids.push(eos);
      return ids;
    },
    bytes,
    label: (token) => labelOf(bytes(token), texts[token] ?? '', token),
    kind: (token) => kinds[token] ?? 'unused',
    decode: (tokens) => {
      const stream = decoder();
      return tokens.map((token) => stream.push(token)).join('') + stream.end();
    },
    decoder,
    encodeChat: (messages, { addGenerationPrompt = true, lost } = {}) => {
      const guarded = messages.map(({ role, content }) => ({ role, content: special.guarded(content) }));
      const rendered = template.render(guarded, addGenerationPrompt);
      return { text: rendered.replaceAll(MARK, ''), tokens: encodeText(rendered, true, MARK, lost) };
    },
  };
}

function createEncoding(metadata: Metadata, vocabulary: Vocabulary): TextEncoding {
  const model = metadata.string('tokenizer.ggml.model');
  if (model === 'gpt2') return bytePairEncoding(metadata, vocabulary);
  if (model === 'llama') {
    return sentencepieceEncoding(metadata, vocabulary, specialId(metadata, 'unknown_token_id', vocabulary));
  }
  throw new EngineError(
    'unsupported-tokenizer',
    `The file has a tokenizer of the kind "${model.slice(0, 40)}"; this page reads "llama" (sentencepiece) and "gpt2" (byte-level BPE).`,
  );
}

/** Text without lone surrogates, which are not characters and have no UTF-8. */
function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}
