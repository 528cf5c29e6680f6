/** A run document as the first pages wrote it: without comparison, method, luck, grammar, or what drew which token. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';

const text = readFileSync(new URL('first_version.logitscope.json', import.meta.url), 'utf8');

test('a document of the first version opens, with defaults for what it lacks', () => {
  expect(text).not.toMatch(/"(comparison|drawn|method|sharedLuck|page)"/);
  const { record, settings } = readRunFile('old.json', text);
  expect(record.comparison).toBeNull();
  expect(record.lines.map(({ drawn }) => drawn)).toEqual([[]]);
  const { method, sharedLuck, view } = defaultSettings();
  expect(settings).toMatchObject({ method, sharedLuck, view, maxTokens: 6, prompt: 'Once upon a time' });
  const [line] = record.lines;
  expect(line!.tokens.map((token) => token.text).join('')).toContain('Once upon a time another');
  expect(line!.tokens.at(-1)!.top).toHaveLength(2);
});
