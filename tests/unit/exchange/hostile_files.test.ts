/** A file that was cut, changed or forged gives a consistent run, or one sentence that names the file. */
import fc from 'fast-check';
import { safeParse } from 'valibot';
import { expect, test } from 'vitest';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';
import { recordSchema } from '../../../src/playground/record/document.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { makeDocument } from '../../../src/playground/record/make_document.ts';
import { arbitraryRecord } from '../link/arbitrary_record.ts';
import { arbitrarySettings } from '../link/arbitrary_settings.ts';

const documents = fc
  .sample(fc.tuple(arbitraryRecord, arbitrarySettings), { numRuns: 20, seed: 5 })
  .map(([record, settings]) => makeDocument(record, settings, 'title'));

const answer = {
  model: 'cloud',
  choices: [
    {
      finish_reason: 'stop',
      logprobs: {
        content: [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2 }] }],
      },
    },
    { finish_reason: null, logprobs: { tokens: ['x'], token_logprobs: [null], top_logprobs: [{ x: -1 }] } },
  ],
};

/** Any JSON value, and the usual wrong ones. */
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    null,
    -1,
    0.5,
    1e308,
    2 ** 53,
    '',
    'ban',
    '<img src=x onerror=1>',
    [],
    {},
    [[]],
    true,
  ),
);

/** Puts `value` into a copy of `json`, at the place that `way` leads to. */
function spoiled(json: unknown, way: readonly number[], value: unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined || typeof json !== 'object' || json === null) return value;
  const keys = Object.keys(json);
  const key = keys[step % (keys.length || 1)];
  if (key === undefined) return value;
  const copy = (Array.isArray(json) ? [...(json as unknown[])] : { ...json }) as Record<string, unknown>;
  copy[key] = spoiled(copy[key], rest, value);
  return copy;
}

function read(text: string): void {
  try {
    const { record } = readRunFile('run.json', text);
    expect(safeParse(recordSchema, record).success).toBe(true);
  } catch (error) {
    expect((error as Error).name).toBe('RunFileError');
    expect((error as Error).message).toMatch(/^run\.json is .+[.]$/s);
  }
}

test('reads or refuses 3,000 documents and answers with random values at random places', () => {
  const from = fc.constantFrom<unknown>(...documents, answer);
  const way = fc.array(fc.nat(40), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(from, way, odd, (json, steps, value) => read(jsonOf(spoiled(json, steps, value)))),
    { numRuns: 3_000 },
  );
});

test('reads or refuses 1,000 documents that were cut, doubled or changed in single characters', () => {
  const texts = documents.map((document) => jsonOf(document));
  const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2), fc.string({ maxLength: 4 }));
  fc.assert(
    fc.property(fc.constantFrom(...texts), edit, (text, [where, kind, piece]) => {
      const at = Math.floor(where * text.length);
      if (kind === 0) read(text.slice(0, at));
      else if (kind === 1) read(text.slice(0, at) + piece + text.slice(at + piece.length));
      else read(text.slice(0, at) + text.slice(Math.floor(at / 2)));
    }),
    { numRuns: 1_000 },
  );
});

test('a deeply nested document is refused as fast as any other', () => {
  const started = performance.now();
  read(`{"format":"logitscope-run","version":1,"lines":${'['.repeat(50_000)}${']'.repeat(50_000)}}`);
  read(`${'{"choices":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
  expect(performance.now() - started).toBeLessThan(2_000);
});
