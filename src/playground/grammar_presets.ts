import type { Grammar } from '../sampling/params.ts';

export interface GrammarPreset {
  readonly id: string;
  readonly label: string;
  readonly grammar: Grammar;
}

const character = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 20 },
    animal: { enum: ['cat', 'dog', 'bird', 'fish'] },
    age: { type: 'integer', minimum: 1, maximum: 30 },
    happy: { type: 'boolean' },
  },
  required: ['name', 'animal', 'age', 'happy'],
  additionalProperties: false,
};

const list = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 24 },
  minItems: 2,
  maxItems: 5,
};

/** A new grammar of a kind begins with the first preset of that kind. */
export const GRAMMAR_PRESETS: readonly GrammarPreset[] = [
  {
    id: 'object',
    label: 'A small JSON object',
    grammar: { kind: 'json-schema', source: JSON.stringify(character, null, 2) },
  },
  {
    id: 'list',
    label: 'A JSON list of words',
    grammar: { kind: 'json-schema', source: JSON.stringify(list, null, 2) },
  },
  { id: 'yes-no', label: 'Yes or no', grammar: { kind: 'regex', source: ' ?([Yy]es|[Nn]o)\\.?' } },
  {
    id: 'date',
    label: 'A date',
    grammar: { kind: 'regex', source: ' ?[12]\\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])' },
  },
  {
    id: 'sentences',
    label: 'Short sentences, one per line',
    grammar: {
      kind: 'ebnf',
      source: 'root ::= line{2,4}\nline ::= "- " [A-Z] [a-z ]{4,40} [.!] "\\n"\n',
    },
  },
  {
    id: 'sum',
    label: 'A sum with parentheses',
    grammar: {
      kind: 'ebnf',
      source: 'root ::= " "? term ([+*-] term){0,4}\nterm ::= [1-9] [0-9]{0,2} | "(" term [+*-] term ")"\n',
    },
  },
];
