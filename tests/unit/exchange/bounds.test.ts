/** Files and links have the same bounds: a record that one schema accepts can be written as the other. */
import { expect, test } from 'vitest';
import { ServerVocabulary } from '../../../src/engines/openai/vocabulary.ts';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';
import type { DocumentText, RunRecord } from '../../../src/playground/record/document.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { makeDocument } from '../../../src/playground/record/make_document.ts';
import { packRecord, unpackRecord } from '../../../src/playground/record/unpack.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { tokenisePrompt } from '../../../src/worker/texts/token_text.ts';

/** A server does not tell its tokens, so the whole prompt is one. */
function serverRecord(prompt: string): RunRecord {
  const { tokens } = tokenisePrompt({ kind: 'text', text: prompt }, new ServerVocabulary());
  const text: DocumentText = {
    name: '1',
    lane: 0,
    parent: null,
    forkedAt: null,
    params: defaultParams(),
    drawn: [],
    stream: 0,
    byHand: [],
    promptLength: tokens.length,
    visible: 0,
    reason: 'max-tokens',
    tokens: tokens.map(({ token: id, piece: text, label, kind }) => ({
      ...{ id, text, label, kind, rawLogprob: null, finalLogprob: null, rank: null },
      ...{ entropy: null, finalEntropy: null, kept: null, top: [] },
    })),
  };
  return {
    model: { name: 'm', fileSize: 0, vocabularySize: 0, sha256: null },
    engine: { kind: 'openai', adapter: 'localhost' },
    strategy: 'sample',
    lines: [text],
    comparison: null,
    current: 0,
    selected: null,
  };
}

test.each([900, 1_500, 60_000])(
  'a prompt of %d characters on a server: its file and its link open',
  async (length) => {
    const record = serverRecord('word '.repeat(length / 5));
    const file = jsonOf(makeDocument(record, defaultSettings(), 't'));
    expect(readRunFile('run.json', file).record).toMatchObject(record);
    const link = await packRecord(record, 5, defaultSettings());
    expect((await unpackRecord(link)).record).toEqual(record);
  },
);

const answer = (token: string, logprob: number): string =>
  JSON.stringify({
    model: 'm',
    choices: [
      {
        finish_reason: 'stop',
        logprobs: { content: [{ token, logprob, top_logprobs: [{ token, logprob }] }] },
      },
    ],
  });

test.each([
  ['a token of 5,000 characters', 'a'.repeat(5_000), -1],
  ['a logprob at the bound', 'a', -1e9],
])('an answer from elsewhere with %s can be saved as a file and as a link', async (_, token, logprob) => {
  const { record } = readRunFile('answer.json', answer(token, logprob));
  const kept = readRunFile('run.json', jsonOf(makeDocument(record, defaultSettings(), 't')));
  expect(kept.record).toMatchObject(record);
  expect((await unpackRecord(await packRecord(record, 5, defaultSettings()))).record).toEqual(record);
});

test('an answer with a logprob that no link could carry is refused with a sentence', () => {
  expect(() => readRunFile('answer.json', answer('b', -1e306))).toThrow(
    /^answer\.json is not an OpenAI answer that can be read at choices\.0\.logprobs/,
  );
});
