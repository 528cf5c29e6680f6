import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { smallMetadata } from './made_tokenizers.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  // Texts close to the vocabulary and its special tokens, where mistakes are likely.
  fc
    .array(
      fc.constantFrom(
        'the',
        ' the',
        ' ',
        '\n',
        '<s>',
        '</s>',
        '<|im_end|>',
        '▁',
        '\uFEFF',
        '🙂',
        "'s",
        '42',
        'é',
      ),
    )
    .map((parts) => parts.join('')),
);

describe.each(['llama', 'qwen2', 'gpt2'] as const)('for any text: %s', async (architecture) => {
  const metadata = await smallMetadata(architecture);
  const tokenizer = createTokenizer(metadata);
  // Sentencepiece puts a space before a text, and only BOS shows that the text begins there.
  const encode = (text: string) => {
    const ids = tokenizer.encode(text, { addSpecial: true });
    return ids[0] === tokenizer.bos ? ids : [tokenizer.bos!, ...ids];
  };

  it('decoding an encoded text gives the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // Sentencepiece does not distinguish the two.
        const expected = architecture === 'llama' ? text.replaceAll('▁', ' ') : text;
        expect(tokenizer.decode(encode(text))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('streaming gives the same text in whole characters, and a clone is independent', () => {
    fc.assert(
      fc.property(anyText, fc.nat(200), (text, cut) => {
        const ids = encode(text);
        const decoder = tokenizer.decoder();
        let streamed = '';
        let copy: ReturnType<typeof decoder.clone> | undefined;
        let copied = '';
        ids.forEach((id, i) => {
          if (i === cut % ids.length) {
            copy = decoder.clone();
            copied = streamed;
          }
          const piece = decoder.push(id);
          if (!text.includes('\uFFFD')) expect(piece).not.toContain('\uFFFD');
          streamed += piece;
          if (copy) copied += copy.push(id);
        });
        expect(streamed + decoder.end()).toBe(tokenizer.decode(ids));
        expect(copied + copy!.end()).toBe(tokenizer.decode(ids));
      }),
      { numRuns: 300 },
    );
  });

  it('random tokens decode like their bytes, streamed or not', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(tokenizer.vocabularySize - 1), { maxLength: 40 }), (ids) => {
        fc.pre(ids[0] !== tokenizer.bos);
        const bytes = Buffer.concat(ids.map((id) => tokenizer.bytes(id)));
        const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        const decoder = tokenizer.decoder();
        expect(ids.map((id) => decoder.push(id)).join('') + decoder.end()).toBe(whole);
        expect(tokenizer.decode(ids)).toBe(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('every token has a label and a kind', () => {
    for (let id = 0; id < tokenizer.vocabularySize; id++) {
      expect(tokenizer.label(id)).not.toBe('');
      expect(['normal', 'unknown', 'control', 'user-defined', 'unused', 'byte']).toContain(
        tokenizer.kind(id),
      );
    }
    expect(tokenizer.label(-1)).toBe('[-1]');
    expect(tokenizer.bytes(1e9)).toHaveLength(0);
  });

  it.each([
    ['one letter', 'a'.repeat(100_000)],
    ['one sign', '!'.repeat(100_000)],
    ['spaces', ' '.repeat(100_000)],
    ['line ends', '\r\n'.repeat(50_000)],
    ['a merge again and again', 'th'.repeat(50_000)],
    ['letters of three bytes', '日'.repeat(33_000)],
    ['special tokens', '<|im_end|>'.repeat(10_000)],
  ])('100 kB of %s takes at most ten times its share', (_, text) => {
    // Compared with a tenth of the text and not with a limit, because the machine may be busy.
    const time = (of: string) => {
      const start = performance.now();
      tokenizer.encode(of);
      return performance.now() - start;
    };
    time(text.slice(0, 10_000));
    const tenth = Math.max(50, time(text.slice(0, 10_000)));
    expect(time(text)).toBeLessThan(tenth * 60);
  });
});

describe('byte-level BPE against @huggingface/tokenizers', async () => {
  const metadata = await smallMetadata('qwen2');
  const ours = createTokenizer(metadata);
  const tokens = metadata.stringArray('tokenizer.ggml.tokens');
  const pattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const library = new LibraryTokenizer(
    {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((text, id) => [text, id])),
        merges: [...metadata.stringArray('tokenizer.ggml.merges')],
        ignore_merges: false,
        fuse_unk: false,
        byte_fallback: false,
      },
    } as unknown as ConstructorParameters<typeof LibraryTokenizer>[0],
    {} as ConstructorParameters<typeof LibraryTokenizer>[1],
  );

  it('gives the same ids for any text', () => {
    fc.assert(
      fc.property(anyText, (raw) => {
        // JavaScript's \s, which the library uses, differs from Unicode's White_Space in these two.
        const text = raw.replace(/[\u0085\uFEFF]/g, '');
        expect(ours.encode(text)).toEqual(library.encode(text, { add_special_tokens: false }).ids);
      }),
      { numRuns: 1000 },
    );
  });
});
