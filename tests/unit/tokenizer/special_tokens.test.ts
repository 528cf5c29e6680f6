import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Metadata, type MetadataValue } from '../../../src/engines/gguf/metadata.ts';
import { BYTE_LETTERS } from '../../../src/engines/tokenizer/byte_letters.ts';
import { createTokenizer } from '../../../src/engines/tokenizer/tokenizer.ts';
import { tokenisePrompt } from '../../../src/worker/texts/token_text.ts';

/** A byte-level vocabulary of the 256 bytes, followed by these tokens. */
function byteMetadata(
  extra: readonly (readonly [text: string, type: number])[],
  more: Readonly<Record<string, MetadataValue>> = {},
): Metadata {
  return new Metadata(
    new Map<string, MetadataValue>(
      Object.entries({
        'tokenizer.ggml.model': 'gpt2',
        'tokenizer.ggml.pre': 'qwen2',
        'tokenizer.ggml.tokens': [...BYTE_LETTERS, ...extra.map(([text]) => text)],
        'tokenizer.ggml.token_type': [...BYTE_LETTERS.map(() => 1), ...extra.map(([, type]) => type)],
        'tokenizer.ggml.merges': [],
        ...more,
      }),
    ),
    'made.gguf',
  );
}

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

describe('special tokens in text', () => {
  const tokenizer = createTokenizer(
    byteMetadata([
      ['<|im_start|>', CONTROL],
      ['<|im_end|>', CONTROL],
      ['<think>', USER_DEFINED],
    ]),
  );

  it('are plain letters unless a caller asks for them', () => {
    expect(tokenizer.encode('<|im_end|>')).toHaveLength(10);
    expect(tokenizer.encode('a<|im_end|>b', { parseSpecial: true })).toEqual([
      idOfByte(97),
      257,
      idOfByte(98),
    ]);
    expect(tokenizer.decode([257])).toBe('');
    expect(tokenizer.label(257)).toBe('<|im_end|>');
  });

  it('are always found when they are user-defined, and count as text', () => {
    expect(tokenizer.encode('<think>')).toEqual([258]);
    expect(tokenizer.decode([258])).toBe('<think>');
  });
});

describe('a chat', () => {
  const CHATML =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + (m.content | trim) + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}";
  const tokenizer = createTokenizer(
    byteMetadata(
      [
        ['<|im_start|>', CONTROL],
        ['<|im_end|>', CONTROL],
        ['<|im_end|><|im_start|>', CONTROL],
        ['|im_e', CONTROL],
        ['<think>', USER_DEFINED],
      ],
      { 'tokenizer.chat_template': CHATML },
    ),
  );
  const controls = (tokens: readonly number[]) => tokens.filter((id) => tokenizer.kind(id) === 'control');

  it('has only the control tokens of its template, whatever a person types', () => {
    const word = fc.constantFrom(
      '<|im_end|>',
      '<|im_start|>',
      '<|im_',
      'end|>',
      '<|',
      '<',
      'a',
      ' ',
      '\n',
      '|im_e',
      '\uFDD0',
    );
    const turn = fc.record({
      role: fc.constantFrom('user' as const, 'assistant' as const),
      content: fc.array(word, { maxLength: 8 }).map((parts) => parts.join('')),
    });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 4 }), (messages) => {
        const { text, tokens } = tokenizer.encodeChat(messages);
        expect(controls(tokens)).toEqual([...messages.flatMap(() => [256, 257]), 256]);
        const said = messages.map(
          ({ role, content }) => `<|im_start|>${role}\n${content.trim()}<|im_end|>\n`,
        );
        expect(text).toBe(`${said.join('').replaceAll('\uFDD0', '\uFFFD')}<|im_start|>`);
        // Whether they are read as letters or as control tokens, nothing is lost and nothing added.
        expect(tokens.map((id) => tokenizer.label(id)).join('')).toBe(
          Array.from(new TextEncoder().encode(text), (byte) => tokenizer.label(byte)).join(''),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is unchanged where nothing looks like a control token', () => {
    const { text, tokens } = tokenizer.encodeChat([{ role: 'user', content: 'Is 1 < 2? <think>' }]);
    expect(tokens).toEqual(tokenizer.encode(text, { parseSpecial: true }));
    expect(tokens).toContain(260);
  });
});

describe('characters that the vocabulary has no bytes for', () => {
  it('are reported', () => {
    const texts = [...BYTE_LETTERS].map((letter, byte) =>
      byte === 0xf0 || byte === 0xc3 ? `no${byte}` : letter,
    );
    const tokenizer = createTokenizer(byteMetadata([], { 'tokenizer.ggml.tokens': texts }));
    const lost = new Set<string>();
    expect(tokenizer.decode(tokenizer.encode('né 🦊 漢 🦊', { lost }))).not.toContain('🦊');
    expect([...lost]).toEqual(['é', '🦊']);
    expect(tokenisePrompt({ kind: 'text', text: 'né' }, tokenizer).lost).toEqual(['é']);
    expect(tokenisePrompt({ kind: 'text', text: 'n漢' }, tokenizer).lost).toEqual([]);
  });
});

describe('the ends of generation', () => {
  it('are those that the file names, and those known by their text, whatever their type', () => {
    const metadata = byteMetadata(
      [
        ['<|endoftext|>', NORMAL],
        ['<|eot_id|>', CONTROL],
        ['<stop>', CONTROL],
        ['<other>', CONTROL],
      ],
      { 'tokenizer.ggml.eos_token_id': 258 },
    );
    const tokenizer = createTokenizer(metadata);
    expect([...tokenizer.endOfGeneration].sort()).toEqual([256, 257, 258]);
    expect(tokenizer.kind(256)).toBe('control');
    expect(tokenizer.eos).toBe(258);
    expect(tokenizer.bos).toBe(null);
  });

  it('do not include the HTML tag </s> where it is an ordinary token', () => {
    const tokenizer = createTokenizer(byteMetadata([['</s>', NORMAL]]));
    expect(tokenizer.endOfGeneration.size).toBe(0);
    expect(tokenizer.decode([256])).toBe('</s>');
  });
});

describe('BOS and EOS', () => {
  const metadata = byteMetadata(
    [
      ['<bos>', CONTROL],
      ['<end>', CONTROL],
    ],
    {
      'tokenizer.ggml.bos_token_id': 256,
      'tokenizer.ggml.eos_token_id': 257,
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.add_eos_token': true,
    },
  );
  const tokenizer = createTokenizer(metadata);

  it('are added on request, and BOS never twice', () => {
    expect(tokenizer.encode('')).toEqual([]);
    expect(tokenizer.encode('', { addSpecial: true })).toEqual([256, 257]);
    expect(tokenizer.encode('<bos>', { addSpecial: true, parseSpecial: true })).toEqual([256, 257]);
  });
});

describe('labels', () => {
  const tokenizer = createTokenizer(byteMetadata([['Ġaâ', NORMAL]]));

  it('show whole characters, and the bytes of partial ones', () => {
    expect(tokenizer.label(idOfByte(0xe2))).toBe('\\xE2');
    expect(tokenizer.label(idOfByte(0x0a))).toBe('\n');
    expect(tokenizer.label(256)).toBe(' a\\xE2');
  });
});

describe('vocabularies that cannot be used', () => {
  it.each<[string, Readonly<Record<string, MetadataValue>>, string, RegExp]>([
    [
      'an unknown kind',
      { 'tokenizer.ggml.model': 'bert' },
      'unsupported-tokenizer',
      /"bert".*"llama".*"gpt2"/,
    ],
    ['an unknown family', { 'tokenizer.ggml.pre': 'kimi-k2' }, 'unsupported-tokenizer', /"kimi-k2".*qwen2/],
    ['no tokens', { 'tokenizer.ggml.tokens': [] }, 'bad-file', /empty vocabulary/],
    ['too few types', { 'tokenizer.ggml.token_type': [1] }, 'bad-file', /256 tokens but 1 token types/],
    ['a merge of no tokens', { 'tokenizer.ggml.merges': ['q zz'] }, 'bad-file', /"q zz"/],
    ['a merge of one part', { 'tokenizer.ggml.merges': ['ab'] }, 'bad-file', /"ab"/],
    ['merges that are numbers', { 'tokenizer.ggml.merges': [1, 2] }, 'bad-file', /tokenizer\.ggml\.merges/],
    [
      'no letters',
      { 'tokenizer.ggml.tokens': ['x'], 'tokenizer.ggml.token_type': [1] },
      'unsupported-tokenizer',
      /no token for/,
    ],
    [
      'sentencepiece without scores',
      { 'tokenizer.ggml.model': 'llama' },
      'bad-file',
      /tokenizer\.ggml\.scores/,
    ],
    [
      'sentencepiece with too few scores',
      { 'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.scores': [1] },
      'bad-file',
      /256 tokens, but its 1 scores/,
    ],
    [
      'sentencepiece without bytes',
      { 'tokenizer.ggml.model': 'llama', 'tokenizer.ggml.scores': BYTE_LETTERS.map(() => 0) },
      'unsupported-tokenizer',
      /neither byte tokens nor an unknown token/,
    ],
  ])('%s', (_, more, code, message) => {
    expect(() => createTokenizer(byteMetadata([], more))).toThrow(
      expect.objectContaining({
        name: 'EngineError',
        code,
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });
});

/** Tokens 0 to 255 of the made vocabulary are the bytes themselves. */
function idOfByte(byte: number): number {
  return byte;
}
