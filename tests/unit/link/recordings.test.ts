/** Records in links that were sent must open for ever. The source of each is beside it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readFragment } from '../../../src/playground/link/fragment.ts';
import { settingsChecksum } from '../../../src/playground/record/checksum.ts';
import { unpackRecord } from '../../../src/playground/record/unpack.ts';

interface Fixture {
  readonly name: string;
  readonly fragment: string;
  readonly lines: readonly {
    readonly name: string;
    readonly temperature: number;
    readonly text: string;
    readonly rawLogprobs: readonly (number | null)[];
    readonly candidates: readonly number[];
  }[];
  readonly strategy: string;
  readonly model: unknown;
  readonly winner: number | null;
  readonly votes: unknown;
  readonly sharedLuck: boolean | null;
}

const fixtures = JSON.parse(
  readFileSync(new URL('recordings.json', import.meta.url), 'utf8'),
) as readonly Fixture[];

test.each(fixtures)('$name', async ({ fragment, lines, strategy, model, winner, votes, sharedLuck }) => {
  const link = readFragment(fragment);
  expect(link?.problems).toEqual([]);
  const { record, settings } = await unpackRecord(link!.packed!);
  expect(settings).toBe(settingsChecksum(link!.settings));
  expect(record.strategy).toBe(strategy);
  expect(record.model).toEqual(model);
  expect(record.lines).toHaveLength(lines.length);
  record.lines.forEach((made, index) => {
    const { name, temperature, text, rawLogprobs, candidates } = lines[index]!;
    expect([made.name, made.params.temperature]).toEqual([name, temperature]);
    expect(made.tokens.map((token) => token.text).join('')).toBe(text);
    expect(made.tokens.map((token) => token.rawLogprob)).toEqual(rawLogprobs);
    expect(made.tokens.map((token) => token.top.length)).toEqual(candidates);
  });
  expect(record.comparison?.outcome?.winner ?? null).toBe(winner);
  expect(record.comparison?.outcome?.votes ?? null).toEqual(votes);
  expect(record.comparison?.sharedLuck ?? null).toBe(sharedLuck);
});
