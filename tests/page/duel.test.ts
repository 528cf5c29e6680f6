/** What two engines make of one prompt, as files. */
import { beforeEach, expect, test } from 'vitest';
import { openSecond, runAcross } from '../../src/playground/across/across_actions.ts';
import { across } from '../../src/playground/across/state.svelte.ts';
import { duelDocument, exportDuel } from '../../src/playground/exchange/duel.ts';
import { documentChecksum } from '../../src/playground/record/checksum.ts';
import { outputTokens } from '../../src/playground/texts/text.ts';
import { fresh } from './fresh.ts';

beforeEach(() => fresh({ maxTokens: 12 }));

async function duel() {
  await openSecond({ kind: 'scripted' }, 'B');
  await runAcross();
  const shown = across.duel!;
  expect(shown.distances).not.toBeNull();
  return shown;
}

test('the JSON of two engines has both texts, both engines and the distances, under a checksum', async () => {
  const shown = await duel();
  const file = exportDuel('json', shown);
  expect(file.name).toMatch(/\.duel\.json$/);
  const read = JSON.parse(await file.text()) as Record<string, never> & {
    lines: { name: string; promptLength: number; tokens: { id: number }[] }[];
    distances: { output: number; kl: number }[];
  };
  expect(read).toMatchObject({
    format: 'logitscope-duel',
    engines: [{ engine: { kind: 'scripted' } }, { engine: { kind: 'scripted' } }],
    partsAt: null,
    incomparable: null,
    agreement: { positions: 12, meanKl: 0, sameMostLikely: 12 },
  });
  expect(read.lines.map(({ name }) => name)).toEqual(['A', 'B']);
  for (const [slot, { promptLength, tokens }] of read.lines.entries())
    expect(tokens.slice(promptLength).map(({ id }) => id)).toEqual(outputTokens(shown.texts[slot]!));
  expect(read.distances.map(({ output }) => output)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(read['checksum']).toBe(documentChecksum(read));
});

test('an infinite divergence is null in the JSON, and never "ban"', async () => {
  const shown = await duel();
  const kl = shown.distances!.kl.map((value, i) => (i === 2 ? Infinity : value));
  const secondLogprob = shown.distances!.secondLogprob.map((value, i) => (i === 2 ? -Infinity : value));
  const document = duelDocument({ ...shown, distances: { ...shown.distances!, kl, secondLogprob } });
  expect(document).toMatchObject({
    distances: { 2: { kl: null, rawLogprobB: null } },
    agreement: { worstKl: null, worstAt: 3 },
  });
});

test('the CSV has a row for each token of both texts, and the distances beside those that the first engine drew', async () => {
  const shown = await duel();
  const file = exportDuel('csv', shown);
  expect(file.name).toMatch(/\.duel\.csv$/);
  const [header, ...rows] = (await file.text()).trim().split('\r\n');
  const names = header!.split(',');
  expect(names).toEqual(
    expect.arrayContaining([
      'line',
      'position',
      'part',
      'token',
      'raw_logprob',
      'engine',
      'kl_nats',
      'total_variation',
    ]),
  );
  const cells = rows.map((row) =>
    row.match(/("([^"]|"")*"|[^,]*)(,|$)/g)!.map((cell) => cell.replace(/,$/, '')),
  );
  const at = (row: string[], name: string): string => row[names.indexOf(name)]!;
  expect(rows).toHaveLength(shown.texts[0].length + shown.texts[1].length);
  for (const row of cells) {
    const measured = at(row, 'line') === 'A' && at(row, 'part') === 'output';
    expect(at(row, 'kl_nats') !== '').toBe(measured);
    if (measured) expect(Number(at(row, 'raw_logprob_a'))).toBeCloseTo(Number(at(row, 'raw_logprob')), 9);
    else expect(at(row, 'raw_logprob_a')).toBe('');
  }
});
