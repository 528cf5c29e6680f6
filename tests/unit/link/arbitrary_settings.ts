/** Any settings that the page could be in, for properties of links and files. */
import fc from 'fast-check';
import { PARAMETERS, type ParameterRow } from '../../../src/sampling/parameter_table.ts';
import { STAGES, type SamplingParams, type StageName } from '../../../src/sampling/params.ts';
import type { LanePatch, Settings } from '../../../src/playground/settings.ts';

function value(row: ParameterRow): fc.Arbitrary<number> {
  const { min, max } = row;
  const any = row.integer
    ? fc.integer({ min, max })
    : fc.double({ min, max, noNaN: true }).map((number) => (number === 0 ? 0 : number));
  return fc.oneof(any, fc.constantFrom(min, max, row.default));
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const stages = fc.uniqueArray(fc.constantFrom(...(Object.keys(STAGES) as StageName[])));
const bias = fc.record({
  token: fc.nat(151_935),
  bias: fc.oneof(
    fc.constant(-Infinity),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((number) => (number === 0 ? 0 : number)),
  ),
});

const fields = {
  ...Object.fromEntries(PARAMETERS.map((row) => [row.key, value(row)])),
  order: stages,
  off: stages,
  logitBias: fc.array(bias, { maxLength: 5 }),
  dryBreakers: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { maxLength: 5 }),
  grammar: fc.option(fc.record({ kind: fc.constantFrom('json-schema', 'regex', 'ebnf'), source: text })),
};

const params = fc.record(fields) as unknown as fc.Arbitrary<SamplingParams>;
const patch = fc.record(fields, { requiredKeys: [] }) as unknown as fc.Arbitrary<LanePatch>;
const sparsePatch = fc.oneof(
  fc.constant<LanePatch>({}),
  patch,
  fc.record({ temperature: value(PARAMETERS[0]!) }),
);

export const arbitrarySettings: fc.Arbitrary<Settings> = fc.record({
  model: fc.constantFrom('embedded', 'scripted', 'file', 'owner/repo/dir/file-Q4_K.gguf@main'),
  mode: fc.constantFrom<'text' | 'chat'>('text', 'chat'),
  prompt: text,
  messages: fc.array(
    fc.record({
      role: fc.constantFrom<'system' | 'user' | 'assistant'>('system', 'user', 'assistant'),
      content: text,
    }),
    { maxLength: 4 },
  ),
  params,
  lanes: fc.array(sparsePatch, { minLength: 1, maxLength: 6 }),
  method: fc.record({
    kind: fc.constantFrom('lanes', 'best-of-n', 'majority-vote', 'first-valid', 'beam'),
    samples: fc.integer({ min: 2, max: 16 }),
    score: fc.constantFrom('average-logprob', 'shortest', 'longest', 'verifier'),
    verifier: fc.constantFrom('regex', 'json', 'length'),
    pattern: text,
    shortest: fc.nat(100_000),
    longest: fc.nat(100_000),
    extractor: fc.constantFrom('last-number', 'regex', 'whole-text'),
    answerPattern: text,
    width: fc.integer({ min: 1, max: 16 }),
    lengthPenalty: fc.double({ min: 0, max: 10, noNaN: true }).map((number) => (number === 0 ? 0 : number)),
  }),
  sharedLuck: fc.boolean(),
  maxTokens: fc.integer({ min: 1, max: 4096 }),
  stop: fc.array(text, { maxLength: 3 }),
  rollSeed: fc.boolean(),
  view: fc.record({
    page: fc.constantFrom('sample', 'compare', 'tokens', 'machine', 'across'),
    colour: fc.constantFrom('probability', 'surprisal', 'entropy', 'rank', 'none'),
    scale: fc.constantFrom('linear', 'log'),
    top: fc.integer({ min: 5, max: 60 }),
    whitespace: fc.boolean(),
    layout: fc.constantFrom('columns', 'rows', 'aligned'),
  }),
}) as fc.Arbitrary<Settings>;
