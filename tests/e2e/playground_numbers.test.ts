import { expect, test } from 'vitest';
import { runDecoding } from '../../src/decoding/decode.ts';
import type { StepRecord } from '../../src/decoding/events.ts';
import { LogitMemory } from '../../src/decoding/logit_memory.ts';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import { plainCandidates, plainSoftmax } from '../reference/plain_samplers.ts';
import { openScripted, run, tokens } from './playground_page.ts';

/** The prompt tokens and step records of the same run without a page. */
async function headless(
  seed: number,
  maxTokens: number,
): Promise<{ records: StepRecord[]; pieces: string[] }> {
  const engine = new ScriptedEngine();
  const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
  const records: StepRecord[] = [];
  await runDecoding(
    engine,
    {
      prompt,
      strategy: { kind: 'sample' },
      lanes: [{ params: { ...defaultParams(), seed } }],
      stop: { maxTokens, sequences: [] },
    },
    {
      memory: new LogitMemory(),
      onEvent: (event) => {
        if (event.type === 'step') records.push(...event.records);
      },
    },
  );
  return { records, pieces: records.map(({ piece }) => piece) };
}

test('the numbers on the page equal those of the same run without a page', async () => {
  const { page, close } = await openScripted();
  await page.getByLabel('Seed', { exact: true }).fill('1234');
  await page.getByLabel('Maximum of tokens').fill('25');
  await run(page);
  const { records, pieces } = await headless(1234, 25);
  const shown = await tokens(page);
  const from = shown.length - pieces.length;
  // A control token has no text; the page shows its name.
  pieces.forEach((piece, index) => {
    if (piece !== '') expect(shown[from + index]).toBe(piece);
  });
  await page.getByRole('tab', { name: 'Table' }).click();
  for (const index of [0, 7, 19]) {
    await page.locator(`[data-p="${from + index}"]`).click();
    const { token, rawLogprob, rank, entropy, kept } = records[index]!;
    const chosen = page.locator('tr.chosen td');
    const minus = (value: number, digits: number): string => value.toFixed(digits).replace('-', '−');
    await expect.poll(() => chosen.first().textContent()).toBe(String(token));
    expect(await chosen.nth(3).textContent()).toBe(minus(rawLogprob, 3));
    expect(await chosen.nth(5).textContent()).toBe(String(rank));
    const facts = (await page.locator('.inspector dl').textContent())!;
    expect(facts).toContain(`${minus(entropy, 2)} →`);
    expect(facts.replaceAll(/\s+/g, '')).toContain(`kept${kept}`);
  }
  await close();
});

test('any text at any step has the logprobs and ranks of plain loops', async () => {
  const { page, close } = await openScripted();
  await page.getByLabel('Seed', { exact: true }).fill('1234');
  await page.getByLabel('Maximum of tokens').fill('25');
  await run(page);
  const { records } = await headless(1234, 25);
  const shown = (await tokens(page)).length;
  const at = 7;
  await page.locator(`[data-p="${shown - records.length + at}"]`).click();
  await page.getByRole('tab', { name: 'Any text' }).click();
  const typed = ' saw an été';
  await page.getByLabel('How likely is this text here?').fill(typed);

  const { tokenizer, session } = new ScriptedEngine();
  const context = [
    ...tokenizer.encode('Once upon a time', { addSpecial: true }),
    ...records.slice(0, at).map(({ token }) => token),
  ];
  const continuation = tokenizer.encode(typed);
  const rows = page.locator('.score tbody tr');
  await expect.poll(() => rows.count()).toBe(continuation.length + 1);
  const minus = (value: number): string => value.toFixed(3).replace('-', '−');
  let total = 0;
  for (const [i, token] of continuation.entries()) {
    const { logits } = await session.prefill([...context, ...continuation.slice(0, i)]);
    const p = plainSoftmax(plainCandidates(logits));
    total += Math.log(p[token]!);
    const cells = rows.nth(i).locator('td');
    expect(await cells.nth(0).textContent()).toBe(minus(Math.log(p[token]!)));
    expect(await cells.nth(2).textContent()).toBe(String(p.filter((q) => q > p[token]!).length + 1));
  }
  expect(await rows.last().locator('td').first().textContent()).toBe(minus(total));

  // A neutral chain removes nothing; top-k 1 leaves one token per step.
  await page.getByLabel('Reset to').selectOption({ label: 'Neutral' });
  await expect.poll(() => page.locator('.score').textContent()).toContain('how often this chain would write');
  await page.getByLabel('Top-k, exact').fill('1');
  await expect.poll(() => page.locator('.score').textContent()).toMatch(/cannot write it: Top-k removes/);
  await close();
});
