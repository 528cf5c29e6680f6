import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { tokenizerMetadata } from '../../../src/engines/tokenizer/tokenizer_json.ts';
import { smallMetadata } from './made_tokenizers.ts';

const PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** A tokenizer.json of the small Qwen vocabulary, as the Transformers library writes it. */
async function tokenizerJson(mergesAs: 'texts' | 'pairs') {
  const metadata = await smallMetadata('qwen2');
  const tokens = metadata.stringArray('tokenizer.ggml.tokens');
  const types = metadata.numberArray('tokenizer.ggml.token_type');
  const merges = metadata.stringArray('tokenizer.ggml.merges');
  const added = tokens
    .map((content, id) => ({ id, content, special: true }))
    .filter(({ id, content }) => types[id] === 3 && content.startsWith('<|'));
  const plain = tokens.flatMap((text, id) => (types[id] === 1 ? [[text, id] as const] : []));
  return {
    metadata,
    json: {
      version: '1.0',
      added_tokens: added.map((token) => ({
        ...token,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: PATTERN }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(plain),
        merges: mergesAs === 'texts' ? [...merges] : merges.map((merge) => merge.split(' ')),
        ignore_merges: false,
        fuse_unk: false,
        byte_fallback: false,
      },
    },
  };
}

const CONFIG = {
  bos_token: null,
  eos_token: { content: '<|im_end|>' },
  add_bos_token: false,
  chat_template:
    '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n',
};

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        'the',
        ' the',
        ' ',
        '\n',
        '<|im_end|>',
        '<|im_start|>',
        '🙂',
        "'s",
        '42',
        'é',
        'letters',
      ),
    )
    .map((parts) => parts.join('')),
);

describe.each(['texts', 'pairs'] as const)('a tokenizer.json with its merges as %s', async (mergesAs) => {
  const { json, metadata } = await tokenizerJson(mergesAs);
  const vocabularySize = metadata.stringArray('tokenizer.ggml.tokens').length + 9;
  const ours = createTokenizer(
    tokenizerMetadata({
      tokenizer: json,
      config: CONFIG,
      vocabularySize,
      preTokenizer: 'qwen2',
      name: 'a model',
    }),
  );
  const library = new LibraryTokenizer(
    json as unknown as ConstructorParameters<typeof LibraryTokenizer>[0],
    {} as ConstructorParameters<typeof LibraryTokenizer>[1],
  );

  it('gives the ids of @huggingface/tokenizers, special tokens included', () => {
    fc.assert(
      fc.property(text, (raw) => {
        // JavaScript's \s, which the library uses, differs from Unicode's White_Space in these two.
        const plain = raw.replace(/[\u0085\uFEFF]/g, '');
        const expected = library.encode(plain, { add_special_tokens: false }).ids;
        expect(ours.encode(plain, { parseSpecial: true })).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the ids of the GGUF file of the same model', () => {
    const file = createTokenizer(metadata);
    const story = 'the letters of the line <|im_end|> are 42, and é too\n';
    expect(ours.encode(story)).toEqual(file.encode(story));
    expect(ours.decode(ours.encode(story))).toBe(story);
  });

  it('has an entry for each logit, labels padding, and knows where a turn ends', () => {
    expect(ours.vocabularySize).toBe(vocabularySize);
    expect(ours.kind(vocabularySize - 1)).toBe('unused');
    expect(ours.label(vocabularySize - 1)).toBe(`[PAD${vocabularySize - 1}]`);
    expect(ours.endOfGeneration.has(ours.encode('<|im_end|>', { parseSpecial: true })[0]!)).toBe(true);
    expect(ours.encodeChat([{ role: 'user', content: 'Hi' }]).text).toBe(
      // Jinja leaves out the line end of a template's last line.
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant',
    );
  });
});

it.each([
  ['no tokenizer', null, CONFIG, /tokenizer\.json of Qwen/],
  ['another kind', { model: { type: 'Unigram', vocab: [] } }, CONFIG, /tokenizer\.json of Qwen.*model/],
  [
    'a token beyond the logits',
    { model: { vocab: { a: 300 }, merges: [] } },
    CONFIG,
    /token 300 beyond the 10 logits/,
  ],
  [
    'an odd configuration',
    { model: { vocab: { a: 0 }, merges: [] } },
    { chat_template: 7 },
    /tokenizer_config\.json of Qwen.*chat_template/,
  ],
])('%s is refused in one sentence', (_, tokenizer, config, sentence) => {
  expect(() =>
    tokenizerMetadata({ tokenizer, config, vocabularySize: 10, preTokenizer: 'qwen2', name: 'Qwen' }),
  ).toThrow(sentence);
});
