/** With any seed at T = 1.5 the output is valid for independent parsers. */
import { describe, expect, test } from 'vitest';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { lane, runScripted } from '../decoding/run_scripted.ts';
import { schemaFault, type Schema } from './check_schema.ts';
import { hot, samples } from './samples.ts';

const animal: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 12 },
    kind: { enum: ['cat', 'dog', 'été'] },
    tame: { type: 'boolean' },
    age: { type: 'integer', minimum: 1, maximum: 30 },
    toys: { type: 'array', items: { enum: ['ball', 'boat'] }, minItems: 1, maxItems: 3 },
  },
  required: ['name', 'kind', 'tame', 'toys'],
  additionalProperties: false,
};

describe('JSON schemas', () => {
  test('200 seeds give 200 valid objects', async () => {
    const texts = await samples({ kind: 'json-schema', source: JSON.stringify(animal) }, 200);
    expect(new Set(texts).size).toBeGreaterThan(150);
    const values = texts.map((text) => JSON.parse(text) as Record<string, unknown>);
    for (const value of values) expect(schemaFault(value, animal)).toBeNull();
    expect(values.some((value) => 'age' in value) && values.some((value) => !('age' in value))).toBe(true);
  });

  const integers = { type: 'integer', minimum: 3 };
  test.each<[string, Schema]>([
    [
      'a list',
      { type: 'array', items: { type: 'string', minLength: 1, maxLength: 6 }, minItems: 2, maxItems: 4 },
    ],
    [
      'a tuple',
      {
        type: 'array',
        prefixItems: [{ type: 'integer', exclusiveMinimum: -5, exclusiveMaximum: 5 }],
        items: false,
      },
    ],
    ['several types', { type: ['boolean', 'null'] }],
    ['integers from a number on', { type: 'array', items: integers, minItems: 8, maxItems: 8 }],
    [
      'integers up to a number',
      { type: 'array', items: { type: 'integer', exclusiveMaximum: -17 }, minItems: 8, maxItems: 8 },
    ],
    ['integers', { type: 'array', items: { type: 'integer' }, minItems: 8, maxItems: 8 }],
    ['anyOf', { anyOf: [{ const: { a: [1, null] } }, { type: 'integer', minimum: 7, maximum: 1234 }] }],
    [
      'a reference',
      {
        $ref: '#/$defs/pair',
        $defs: {
          pair: {
            type: 'object',
            properties: {
              a: { type: 'boolean' },
              b: { anyOf: [{ $ref: '#/$defs/pair' }, { type: 'null' }] },
            },
            required: ['a', 'b'],
            additionalProperties: false,
          },
        },
      },
    ],
    ['a date', { type: 'string', format: 'date' }],
    ['a time', { type: 'string', format: 'time' }],
    ['a date and a time', { type: 'string', format: 'date-time' }],
    ['a uuid', { type: 'string', format: 'uuid' }],
    ['an address', { type: 'string', format: 'ipv4' }],
    ['a number', { type: 'number' }],
    [
      'a pattern',
      {
        type: 'object',
        properties: { code: { type: 'string', pattern: '^[A-Z]{2}-\\d+[^a].$' } },
        required: ['code'],
      },
    ],
    ['allOf of one', { allOf: [{ type: 'integer', maximum: -1, minimum: -40 }] }],
    ['odd values', { enum: ['a"b\\c\u0001', '\u2028é', { 'x"y': [1.5, 1e30] }, null] }],
    [
      'odd names',
      { type: 'object', properties: { été: { type: 'null' }, 'a b': { type: 'null' } }, required: ['été'] },
    ],
  ])('40 seeds of %s', async (_, schema) => {
    const texts = await samples({ kind: 'json-schema', source: JSON.stringify(schema) }, 40);
    for (const text of texts) expect(schemaFault(JSON.parse(text), schema), text).toBeNull();
  });
});

describe('regular expressions', () => {
  test('200 seeds give 200 matching texts', async () => {
    const pattern = '(yes|no), [a-z]{2,9}( [a-zé-ü]+){0,2}\\.';
    const texts = await samples({ kind: 'regex', source: pattern }, 200);
    for (const text of texts) expect(text).toMatch(new RegExp(`^(?:${pattern})$`, 'u'));
    expect(new Set(texts).size).toBeGreaterThan(100);
  });

  test.each([
    '\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])',
    '^[^a-z]{3,5}$',
    '(.{1,4}\\n){2}',
    '\\w{1,8}@\\w{1,8}\\.(com|org)',
    '[\\d\\-+]{2,4}(?:|x|yy)',
    '(?<first>\\u00e9|\\x41|\\u{1F600}){1,3}',
    '[漢字]{2}|[^"]{2}',
    'a??b+?c*?',
    '\\D\\W{2}',
    '(|a){3}b',
    '[\\]\\\\^-]{1,4}',
  ])('40 seeds of %s', async (pattern) => {
    const texts = await samples({ kind: 'regex', source: pattern }, 40);
    for (const text of texts) expect(text).toMatch(new RegExp(`^(?:${pattern})$`, 'u'));
  });
});

describe('EBNF', () => {
  test('200 seeds give 200 texts of a language that no regular expression describes', async () => {
    const source = 'root ::= pair # nested "\npair ::= "(" pair ")" | [a-cé-ü] | [x\\u00f1漢] | "[" pair "]"';
    const texts = await samples({ kind: 'ebnf', source }, 200);
    for (const text of texts) {
      let inner = text;
      while (/^(\(.*\)|\[.*\])$/.test(inner)) inner = inner.slice(1, -1);
      expect(inner, text).toMatch(/^[a-cé-üx漢]$/);
    }
    expect(new Set(texts).size).toBeGreaterThan(20);
  });
});

test('without a grammar no text would be valid', async () => {
  const { result } = await runScripted(
    { lanes: [0, 1, 2, 3].map((seed) => lane({ ...hot, seed })), stop: { maxTokens: 100, sequences: [] } },
    { engine: new ScriptedEngine() },
  );
  for (const { text } of result.branches) expect(() => JSON.parse(text) as unknown).toThrow();
});
