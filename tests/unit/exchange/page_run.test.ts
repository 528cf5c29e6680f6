import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/models/catalogue.ts';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';

test('the run that the page opens with is an ordinary record of the embedded model', () => {
  const run = readRunFile('recording.json', readFileSync('static/recording.json', 'utf8'));
  const embedded = CATALOGUE.find(({ id }) => id === 'embedded');
  expect(run.record.model.sha256).toBe(embedded?.sha256);
  const { tokens, promptLength, reason } = run.record.lines[0]!;
  expect(reason).toBe('end-of-generation');
  expect(tokens.slice(promptLength).every(({ top }) => top.length === 40)).toBe(true);
});
