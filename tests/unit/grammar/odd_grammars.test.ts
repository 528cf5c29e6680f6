/** Grammars that cannot be read or have dead ends, vocabularies of bytes, copies, and tokens chosen by hand. */
import { describe, expect, test } from 'vitest';
import { compileGrammar, tryGrammar } from '../../../src/decoding/grammar/compile.ts';
import type { Tokenizer } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import type { Grammar } from '../../../src/sampling/params.ts';
import { lane, runScripted } from '../decoding/run_scripted.ts';
import { hot, samples } from './samples.ts';
import { everyByte, tinyEngine, tinyTokenizer } from './tiny_engine.ts';

const engine = new ScriptedEngine();

async function problemOf(grammar: Grammar, tokenizer: Tokenizer = engine.tokenizer) {
  const outcome = await tryGrammar(grammar, tokenizer);
  return 'problem' in outcome ? outcome.problem : null;
}

describe('a grammar that cannot be used is refused with the place of its error', () => {
  test.each<[Grammar['kind'], string, number | null, number | null, RegExp]>([
    ['json-schema', '{\n  "type": oops\n}', 2, 11, /not JSON/],
    ['json-schema', '{"type": "objec', 1, 16, /not JSON/],
    ['json-schema', '{"type": "nonsense"}', 1, 2, /"nonsense", which is not a JSON type/],
    ['json-schema', '{"type":"string",\n"pattern":"a(b"}', 2, 1, /parenthesis is not closed/],
    ['json-schema', '{"type":"string","pattern":"é+"}', 1, 18, /printable ASCII/],
    ['json-schema', '{"type":"number","minimum":0.5}', 1, 18, /not supported for the type number/],
    ['json-schema', '{"$defs":null,"$ref":"#/$defs/n"}', 1, 2, /"\$defs" must be an object/],
    ['json-schema', `{"${'x'.repeat(5000)}":1}`, 1, 2, /^"x{80}…" is not supported\./],
    ['json-schema', '{"oneOf":[{"type":"null"}]}', 1, 2, /use anyOf/],
    ['json-schema', '{"not":{}}', 1, 2, /say what may come instead/],
    ['json-schema', '{"minLength":2}', 1, 2, /needs a "type"/],
    ['json-schema', '{"type":"object","required":["a"]}', 1, 18, /not among the properties/],
    [
      'json-schema',
      '{"type":"object","properties":{"a":{"type":"string","format":"email"}}}',
      1,
      53,
      /in \/properties\/a/,
    ],
    [
      'json-schema',
      '{"type":"object","properties":{"a":{}},"additionalProperties":true}',
      1,
      40,
      /must be false/,
    ],
    ['json-schema', '{"type":"array","minItems":3,"maxItems":1}', null, null, /minItems/],
    ['json-schema', '{"type":"integer","minimum":5,"maximum":4}', 1, 31, /leaves no number/],
    ['json-schema', '{"$ref":"#/nowhere"}', null, null, /cannot be read/],
    ['json-schema', 'false', null, null, /accepts nothing/],
    [
      'json-schema',
      '{"anyOf":['.repeat(900) + '{"type":"null"}' + ']}'.repeat(900),
      null,
      null,
      /nested 1801 levels deep, and at most 100 are read; make it flatter/,
    ],
    ['ebnf', 'root ::= "a" (\nfoo ::= ', 2, 1, /Expect element/],
    ['ebnf', 'root ::= bar', 1, 10, /"bar" is not defined/],
    ['ebnf', 'foo ::= "a"', 1, 1, /"root" is not found/],
    ['ebnf', 'root ::= ([a-z]{1,900}){1,900}', 1, 24, /more than 20000/],
    ['ebnf', 'root ::= "a" "B" | ("c" ("")? | "c" "B")', null, null, /always empty/],
    ['ebnf', 'root ::= "a" ws\nws ::= ""', null, null, /always empty/],
    ['ebnf', 'root ::= root', null, null, /none of this model’s tokens at its beginning/],
    ['regex', 'a(b', 1, 4, /parenthesis is not closed/],
    ['regex', 'a)b', 1, 2, /was not opened/],
    ['regex', '(?=a)b', 1, 1, /group is not supported/],
    ['regex', '(a)\\1', 1, 4, /back reference/],
    ['regex', 'a\n+*', 2, 2, /nothing to repeat/],
    ['regex', 'x{3,1}', 1, 2, /ends before it begins/],
    ['regex', 'a$b', 1, 2, /stands within/],
    ['regex', '[a', 1, 1, /not closed/],
    ['regex', '[z-a]', 1, 3, /ends before it begins/],
    ['regex', '\\p{L}', 1, 1, /not supported/],
    ['regex', '((a{1,1000}){1,1000}){1,1000}', 1, 13, /more than 20000/],
    ['ebnf', '  ', 1, 1, /empty/],
    ['json-schema', '', 1, 1, /empty/],
    ['regex', 'a'.repeat(20_001), 1, 20_001, /20001 characters, and at most 20000/],
  ])('%s, case %#', async (kind, source, line, column, words) => {
    const problem = await problemOf({ kind, source });
    expect(problem?.message).toMatch(words);
    expect(problem?.message).not.toMatch(/FATAL|Aborted|\.cc/);
    expect([problem?.line, problem?.column]).toEqual([line, column]);
    // A second question gets the same answer.
    await expect(compileGrammar({ kind, source }, engine.tokenizer)).rejects.toThrow(words);
  });

  test('a usable one still works after it', async () => {
    expect(await problemOf({ kind: 'json-schema', source: '{}' })).toBeNull();
    expect(await problemOf({ kind: 'regex', source: '(a{1,100}b?){1,100}' })).toBeNull();
  });

  test('a thousand unreadable ones leave memory for a readable one', async () => {
    for (let i = 0; i < 1000; i++) {
      const problem = await problemOf({ kind: 'ebnf', source: `root ::= "a" | missing${i}` });
      expect(problem?.message).toMatch(/is not defined/);
    }
    expect(await problemOf({ kind: 'ebnf', source: 'root ::= "a" [b-d]*' })).toBeNull();
  });

  test('refuses a model without an end token', async () => {
    const tokenizer = tinyTokenizer([Uint8Array.of(97)]);
    expect((await problemOf({ kind: 'regex', source: 'a' }, tokenizer))?.message).toMatch(
      /no token that ends/,
    );
  });
});

describe('a vocabulary whose tokens are parts of characters', () => {
  test.each<[Grammar['kind'], string, RegExp]>([
    ['regex', '[^a-z]{2,5}', /^[^a-z\uFFFD]{2,5}$/u],
    ['regex', '[é-ü漢]{1,3}.', /^[é-ü漢]{1,3}[^\n\r\uFFFD]$/u],
    ['ebnf', 'root ::= "é" [à-ö]? [^"] "\\U0001F600"', /^é[à-ö]?[^"\uFFFD]😀$/u],
    ['json-schema', '{"type":"string","minLength":2,"maxLength":3}', /^"([^"\\\uFFFD]|\\.|\\u....){2,3}"$/u],
  ])('200 seeds of %s %s are whole UTF-8', async (kind, source, pattern) => {
    const bytes = tinyEngine(everyByte, 5);
    const texts = await samples({ kind, source }, 200, { engine: bytes });
    for (const text of texts) expect(text).toMatch(pattern);
    expect(texts.some((text) => /[\u0080-\u{10FFFF}]/u.test(text))).toBe(true);
  });

  test('every end token is allowed exactly where the grammar can end', async () => {
    const tokenizer = tinyTokenizer(everyByte);
    const constraint = (await compileGrammar({ kind: 'regex', source: 'é(a|b)?' }, tokenizer)).constraint();
    const ends: number[] = [];
    for (const token of [0xc3, 0xa9, 0x61, 256]) {
      const mask = await constraint.allowed();
      ends.push([256, 257].filter((id) => (mask![id >> 5]! >> (id & 31)) & 1).length);
      constraint.accept(token);
    }
    expect(ends).toEqual([0, 0, 2, 2]);
    expect(await constraint.allowed()).toBeNull();
  });
});

describe('dead ends', () => {
  const letters = ['a', 'b', ''].map((text) => new TextEncoder().encode(text));

  test('a string that the vocabulary cannot write ends the run with a sentence, and the text stays', async () => {
    const tiny = tinyEngine(letters, 1);
    const ready = await compileGrammar({ kind: 'regex', source: 'abc' }, tiny.tokenizer);
    const { result } = await runScripted(
      { lanes: [lane(hot)] },
      { engine: tiny, text: 'a', constraint: () => ready.constraint() },
    );
    expect(result.branches[0]).toMatchObject({ text: 'ab', reason: 'error' });
    expect(result.error?.message).toMatch(/Grammar removed all 3 candidates at position 3/);
  });

  test('a text under an endless grammar goes on to the last token, and may not end there', async () => {
    const tiny = tinyEngine(letters, 1);
    const ready = await compileGrammar({ kind: 'ebnf', source: 'root ::= "a" root' }, tiny.tokenizer);
    const { result } = await runScripted(
      { lanes: [lane(hot)], stop: { maxTokens: 7, sequences: [] } },
      { engine: tiny, text: 'a', constraint: () => ready.constraint() },
    );
    expect(result.branches[0]).toMatchObject({ text: 'aaaaaaa', reason: 'max-tokens' });
  });
});

test('beams under a grammar have independent copies of its state', async () => {
  const grammar = await compileGrammar(
    { kind: 'regex', source: '(the|a|one) (cat|dog|bird)' },
    engine.tokenizer,
  );
  const { result } = await runScripted(
    {
      strategy: { kind: 'beam', width: 6, lengthPenalty: 0 },
      lanes: [lane({ topK: 0, topP: 1, minP: 0 })],
      stop: { maxTokens: 400, sequences: [] },
    },
    { engine, constraint: () => grammar.constraint() },
  );
  const ended = result.branches.filter(({ reason }) => reason === 'end-of-generation');
  expect(ended.length).toBeGreaterThanOrEqual(6);
  for (const { text } of ended) expect(text).toMatch(/^(the|a|one) (cat|dog|bird)$/);
});

test('after a token by hand that leaves the grammar, nothing is forbidden', async () => {
  const { tokenizer } = engine;
  const constraint = (await compileGrammar({ kind: 'regex', source: 'abc' }, tokenizer)).constraint();
  const [a, x] = [tokenizer.encode('a')[0]!, tokenizer.encode('x')[0]!];
  const one = (mask: Int32Array): number[] =>
    Array.from({ length: tokenizer.vocabularySize }, (_, id) => id).filter(
      (id) => (mask[id >> 5]! >> (id & 31)) & 1,
    );
  expect(tokenizer.decode([one((await constraint.allowed())!)[0]!])).toBe('a');
  constraint.accept(a);
  expect(one((await constraint.allowed())!).length).toBeGreaterThan(0);
  const copy = constraint.clone();
  constraint.accept(x);
  expect(await constraint.allowed()).toBeNull();
  expect((await copy.allowed())!.length).toBe(Math.ceil(tokenizer.vocabularySize / 32));
});
