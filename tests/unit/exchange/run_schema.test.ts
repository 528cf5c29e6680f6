/** docs/run.schema.json derives from the schema that the page reads with: `npx vitest run -u run_schema` writes it again. */
import { readFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import * as prettier from 'prettier';
import { expect, test } from 'vitest';
import { documentSchema } from '../../../src/playground/record/document.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { makeDocument } from '../../../src/playground/record/make_document.ts';
import { arbitraryRecord } from '../link/arbitrary_record.ts';
import { arbitrarySettings } from '../link/arbitrary_settings.ts';

const path = 'docs/run.schema.json';
const valid = new Ajv2020().compile(JSON.parse(readFileSync(path, 'utf8')) as object);

test('the documented schema is the one that the page reads with', async () => {
  // Only the page checks what JSON schema cannot express: checksums, and indices that must be valid.
  const schema = toJsonSchema(documentSchema, {
    typeMode: 'input',
    errorMode: 'ignore',
    target: 'draft-2020-12',
  });
  const described = {
    title: 'Logitscope run',
    description:
      'Texts with their numbers, and what is needed to run them again. docs/links-and-files.md explains it.',
    ...schema,
  };
  const options = await prettier.resolveConfig(path);
  const text = await prettier.format(JSON.stringify(described), { ...options, filepath: path });
  await expect(text).toMatchFileSnapshot(`../../../${path}`);
});

test('every run document is valid under it', () => {
  fc.assert(
    fc.property(arbitraryRecord, arbitrarySettings, (record, settings) => {
      const json = JSON.parse(jsonOf(makeDocument(record, settings, 'title'))) as unknown;
      expect(valid(json), JSON.stringify(valid.errors)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['a missing version', (json: Record<string, unknown>) => delete json['version']],
  ['no texts', (json: Record<string, unknown>) => (json['lines'] = [])],
  ['a fraction for an index', (json: Record<string, unknown>) => (json['current'] = 0.5)],
  ['an unknown strategy', (json: Record<string, unknown>) => (json['strategy'] = 'luck')],
  [
    'a hash that is none',
    (json: Record<string, unknown>) => (json['model'] = { ...(json['model'] as object), sha256: 'x' }),
  ],
])('%s is not', (_, spoil) => {
  const [record, settings] = fc.sample(fc.tuple(arbitraryRecord, arbitrarySettings), {
    numRuns: 1,
    seed: 2,
  })[0]!;
  const json = JSON.parse(jsonOf(makeDocument(record, settings, 'title'))) as Record<string, unknown>;
  expect(valid(json)).toBe(true);
  spoil(json);
  expect(valid(json)).toBe(false);
});
