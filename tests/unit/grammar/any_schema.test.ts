/** The output under any supported schema is valid by the specification. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tryGrammar } from '../../../src/decoding/grammar/compile.ts';
import { lane, runScripted } from '../decoding/run_scripted.ts';
import { schemaFault, type Schema } from './check_schema.ts';
import { hot } from './samples.ts';
import { everyByte, tinyEngine } from './tiny_engine.ts';

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -7, 2.5, 'a', 'é"\\', '', [1, 'x'], { b: null }),
);
const bounds = fc.tuple(fc.integer({ min: -1200, max: 1200 }), fc.integer({ min: 0, max: 1500 }));

const { schema } = fc.letrec<{ schema: Schema; leaf: Schema }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<Schema>({ type: 'boolean' }, { type: 'null' }, { type: ['null', 'boolean'] }),
    fc.constantFrom<Schema>(
      ...['date', 'time', 'uuid', 'ipv4'].map((format) => ({ type: 'string', format })),
    ),
    fc.constantFrom<Schema>(
      ...['[a-c]{1,3}', '^x|y$', '[^0-9]{2}'].map((pattern) => ({ type: 'string', pattern })),
    ),
    fc
      .tuple(fc.nat(3), fc.nat(3))
      .map(([least, more]): Schema => ({ type: 'string', minLength: least, maxLength: least + more })),
    bounds.map(([least, more]): Schema => ({ type: 'integer', minimum: least, maximum: least + more })),
    bounds.map(([least, more]): Schema => ({
      type: 'integer',
      exclusiveMinimum: least - 1,
      exclusiveMaximum: least + more + 1,
    })),
    bounds.map(([least]): Schema => ({ type: 'integer', minimum: least })),
    bounds.map(([most]): Schema => ({ type: 'integer', maximum: most })),
    value.map((one): Schema => ({ const: one })),
    fc.array(value, { minLength: 1, maxLength: 4 }).map((some): Schema => ({ enum: some })),
  ),
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((some): Schema => ({ anyOf: some })),
    fc.tuple(tie('schema'), fc.nat(2), fc.nat(2)).map(([items, least, more]): Schema => ({
      type: 'array',
      items,
      minItems: least,
      maxItems: least + more,
    })),
    fc
      .array(tie('schema'), { minLength: 1, maxLength: 3 })
      .map((prefixItems): Schema => ({ type: 'array', prefixItems, items: false })),
    fc
      .dictionary(fc.constantFrom('a', 'b c', 'été', 'x-1'), fc.tuple(tie('schema'), fc.boolean()), {
        minKeys: 1,
        maxKeys: 4,
      })
      .map((parts): Schema => ({
        type: 'object',
        properties: Object.fromEntries(Object.entries(parts).map(([name, [each]]) => [name, each])),
        required: Object.keys(parts).filter((name) => parts[name]![1]),
        additionalProperties: false,
      })),
  ),
}));

test('texts are valid under random schemas, over a vocabulary of single bytes', async () => {
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(schema, fc.nat(1000), async (given, chance) => {
      const engine = tinyEngine(everyByte, chance);
      const source = JSON.stringify(given);
      const outcome = await tryGrammar({ kind: 'json-schema', source }, engine.tokenizer);
      if ('problem' in outcome) expect.fail(`${source}: ${outcome.problem.message}`);
      const { result } = await runScripted(
        { lanes: [0, 1, 2].map((seed) => lane({ ...hot, seed })), stop: { maxTokens: 1500, sequences: [] } },
        { engine, text: 'x', constraint: () => outcome.ready.constraint() },
      );
      for (const { text, reason } of result.branches) {
        expect(reason, source).toBe('end-of-generation');
        expect(schemaFault(JSON.parse(text), given), `${source} ${text}`).toBeNull();
        ended++;
      }
    }),
    { numRuns: 200 },
  );
  expect(ended).toBe(600);
});
