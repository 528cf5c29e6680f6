/** Schemas, regular expressions and EBNF that a link may bring. */
import { tryGrammar } from '../../../src/decoding/grammar/compile.ts';
import type { Grammar } from '../../../src/sampling/params.ts';
import { everyByte, tinyTokenizer } from '../../unit/grammar/tiny_engine.ts';
import { mutatedJson, mutatedText } from '../mutate.ts';
import { hold, type Subject } from '../subject.ts';

const SCHEMAS: readonly unknown[] = [
  {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 20 },
      age: { type: 'integer', minimum: 0, maximum: 150 },
    },
    required: ['name'],
    additionalProperties: false,
  },
  {
    type: 'array',
    items: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }, { $ref: '#' }] },
    minItems: 1,
    maxItems: 4,
  },
  {
    $defs: {
      n: { type: 'object', properties: { next: { $ref: '#/$defs/n' }, v: { enum: [1, 'a', null, [true]] } } },
    },
    $ref: '#/$defs/n',
  },
  { type: ['string', 'boolean'], pattern: '^[a-c]{1,3}(x|yy)?$' },
];
const PATTERNS = [
  '^(yes|no|maybe)$',
  '[A-Z][a-z]{1,12}( [A-Z][a-z]+)*',
  '\\d{4}-\\d{2}-\\d{2}',
  '(a|b(c|d{2,5})?)+é[^"\\\\]',
  '[\\w.]+@\\w+\\.(com|org)',
];
const EBNF = [
  'root ::= item ("," ws item)*\nitem ::= [a-z]{1,8} | "\\"" [^"]* "\\""\nws ::= " "?',
  'root ::= expr\nexpr ::= term (("+" | "-") term)*\nterm ::= [0-9]+ | "(" expr ")"',
  'root ::= "é" [à-ö]? (a | b){2,4} # comment\na ::= "x"\nb ::= [^\\n]',
];
const PIECES: Readonly<Record<Grammar['kind'], readonly string[]>> = {
  'json-schema': ['{', '}', '"type":', '"anyOf":[', '"$ref":"#"', 'null', '"é"', ',', '\\u0000', '1e999'],
  regex: [
    '(',
    ')',
    '*',
    '+',
    '?',
    '{1,900}',
    '|',
    '[',
    ']',
    '^',
    '$',
    '\\d',
    '\\b',
    '.',
    '(?:',
    '(?=',
    '\\1',
    '\\u{1F600}',
    '[^',
  ],
  ebnf: [
    'root',
    ' ::= ',
    '"',
    '(',
    ')',
    '|',
    '*',
    '+',
    '{0,500}',
    '[a-z]',
    '[^',
    '\\U0001F600',
    '#',
    '\n',
    '""',
    ' x',
  ],
};

export function grammars(): Promise<Subject<Grammar>> {
  const tokenizer = tinyTokenizer(everyByte);
  return Promise.resolve({
    name: 'grammars',
    cases: 20_000,
    few: 150,
    generate: (chance) => {
      const kind = chance.pick(['json-schema', 'regex', 'ebnf'] as const);
      if (kind !== 'json-schema') {
        return {
          kind,
          source: mutatedText(chance.pick(kind === 'regex' ? PATTERNS : EBNF), PIECES[kind], chance),
        };
      }
      const schema = chance.pick(SCHEMAS);
      const source = JSON.stringify(chance.oneIn(4) ? schema : mutatedJson(schema, chance));
      return { kind, source: chance.oneIn(2) ? source : mutatedText(source, PIECES[kind], chance) };
    },
    judge: async (grammar) => {
      const outcome = await tryGrammar(grammar, tokenizer);
      if ('problem' in outcome) {
        // A trap in the library's WebAssembly would break it for every later grammar.
        const broken = /FATAL|Aborted|\.cc\b|call stack|out of bounds|unreachable|null function|signature/i;
        hold(!broken.test(outcome.problem.message), outcome.problem.message);
        return { refused: outcome.problem.message };
      }
      const constraint = outcome.ready.constraint();
      try {
        for (let n = 0; n < 8; n++) {
          const mask = await constraint.allowed();
          if (!mask) break;
          const allowed = everyByte.flatMap((_, id) => ((mask[id >> 5]! >> (id & 31)) & 1 ? [id] : []));
          hold(n > 0 || allowed.length > 0, 'a grammar that is ready allows a first token');
          if (allowed.length === 0) break;
          constraint.accept(allowed[(n * 7) % allowed.length]!);
        }
      } finally {
        constraint.release?.();
      }
      return 'accepted';
    },
  });
}
