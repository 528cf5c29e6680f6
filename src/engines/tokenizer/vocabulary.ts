import { EngineError, type TokenId, type TokenKind } from '../contract.ts';
import type { Metadata } from '../gguf/metadata.ts';

/** The entries of `tokenizer.ggml.tokens` with their kinds. The tokenizer decides what each text means. */
export interface Vocabulary {
  readonly texts: readonly string[];
  readonly kinds: readonly TokenKind[];
  /** The first token with this text. */
  readonly idOf: ReadonlyMap<string, TokenId>;
}

/** Numbers in `tokenizer.ggml.token_type`. Source: llama.cpp include/llama.h, `llama_token_type`. */
const KINDS: Readonly<Record<number, TokenKind>> = {
  1: 'normal',
  2: 'unknown',
  3: 'control',
  4: 'user-defined',
  5: 'unused',
  6: 'byte',
};

/**
 * Texts that end a text or a turn in some family of models. llama.cpp treats them as control tokens that end a generation
 * whatever the file says, since many files forget to mark them (src/llama-vocab.cpp, issue 9606).
 */
const ENDS: ReadonlySet<string> = new Set([
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '[EOS]',
  '<|end_of_text|>',
  '<end_of_utterance>',
  '<eos>',
  '<｜end▁of▁sentence｜>',
  // Padding, repository and file marks of code models: after them a completion is no longer in its file.
  '<|fim_pad|>',
  '<fim-pad>',
  '<fim_pad>',
  '<|fim_repo|>',
  '<|repo_name|>',
  '<fim-repo>',
  '<reponame>',
  '<|file_sep|>',
]);

/**
 * This ends a text only if the file marks it as a control token: in Qwen's vocabulary it is the HTML tag. (llama.cpp always stops
 * there, so a page that strikes something through would end in the middle.)
 */
const MARKUP_END = '</s>';

/** @throws EngineError `bad-file` if lists are missing or differ in length */
export function readVocabulary(metadata: Metadata): Vocabulary {
  const texts = metadata.stringArray('tokenizer.ggml.tokens');
  if (texts.length === 0) {
    throw new EngineError(
      'bad-file',
      'The file has an empty vocabulary; please choose another conversion of the model.',
    );
  }
  const types = metadata.numberArray('tokenizer.ggml.token_type', []);
  if (types.length !== 0 && types.length !== texts.length) {
    throw new EngineError(
      'bad-file',
      `The file has ${texts.length} tokens but ${types.length} token types; it is damaged, so please download it again.`,
    );
  }
  const idOf = new Map<string, TokenId>();
  const kinds: TokenKind[] = [];
  texts.forEach((text, id) => {
    if (!idOf.has(text)) idOf.set(text, id);
    kinds.push(ENDS.has(text) ? 'control' : (KINDS[types[id] ?? 1] ?? 'normal'));
  });
  return { texts, kinds, idOf };
}

/** Every id that ends a generation: those that the file names, and those recognised by their text. */
export function endOfGeneration(vocabulary: Vocabulary, named: readonly (TokenId | null)[]): Set<TokenId> {
  const ids = new Set<TokenId>(named.filter((id) => id !== null));
  for (const text of [...ENDS, MARKUP_END]) {
    const id = vocabulary.idOf.get(text);
    if (id !== undefined && vocabulary.kinds[id] === 'control') ids.add(id);
  }
  return ids;
}

/** The id of a special token under `key`; null if the file has none, or one outside the vocabulary. */
export function specialId(metadata: Metadata, key: string, vocabulary: Vocabulary): TokenId | null {
  const id = metadata.number(`tokenizer.ggml.${key}`, -1);
  return Number.isInteger(id) && id >= 0 && id < vocabulary.texts.length ? id : null;
}
