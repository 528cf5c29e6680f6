/** A prompt gives the same bits in any pieces, with any part cached, and with or without subgroups. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../src/engines/contract.ts';
import type { Reducer } from '../../../src/engines/webgpu/kernels/variants.ts';
import type { ModelSpec } from '../../models/make_model.ts';
import { bits, describeOnQuickest, openModel, randomTokens, SMALL, stepOne } from './fixture.ts';

/** Formats and widths that share their pipelines. */
const Q8: ModelSpec = { ...SMALL, format: 'Q8_0', contextLength: 320, tied: true };
const MODELS: Readonly<Record<string, ModelSpec>> = {
  llama: Q8,
  qwen2: { ...Q8, architecture: 'qwen2' },
  qwen3: { ...Q8, architecture: 'qwen3' },
};

const PROMPT = randomTokens(1, 150);
const STEPS = [7, 3, 11];

/** Tiles and trees take a CPU long to compile the first time. */
const PATIENCE = 300_000;

/** Logits after the prompt and after each of three steps, which read what the prompt left in the cache. */
async function rows(engine: Engine, cuts: readonly number[]): Promise<Uint32Array[]> {
  const { session } = engine;
  const ends = [...cuts, PROMPT.length];
  const first = await session.prefill(PROMPT.slice(0, ends[0]), { onLogits: () => undefined });
  const { sequence } = first;
  let { logits } = first;
  for (const [i, end] of ends.slice(1).entries())
    ({ logits } = await session.prefill(PROMPT.slice(ends[i], end), { sequence }));
  return thenSteps(engine, sequence, logits);
}

async function thenSteps(
  { session }: Engine,
  sequence: number,
  logits: Float32Array,
): Promise<Uint32Array[]> {
  const all = [bits(logits)];
  for (const token of STEPS) all.push(bits(await stepOne(session, sequence, token)));
  session.release(sequence);
  return all;
}

describeOnQuickest('a prompt', ({ gpu }) => {
  describe.each<Reducer>(['rows', 'tree'])('by %s', (reducer) => {
    test('has the same bits at once, in odd pieces, and when a part of it was cached', async () => {
      const engine = await openModel(gpu, Q8, { reducer });
      const { session } = engine;
      const expected = await rows(engine, []);
      for (const cuts of [[149], [1], [31, 33], [16, 17, 81], [128, 129]])
        expect(await rows(engine, cuts), `cut at ${cuts.join()}`).toEqual(expected);

      // Left in the cache by a text that continued differently, by a prompt and by steps.
      const { sequence } = await session.prefill([...PROMPT.slice(0, 77), 300, 301]);
      await stepOne(session, sequence, PROMPT[77]!);
      session.release(sequence);
      const stepped = await session.prefill(PROMPT.slice(0, 100), { onLogits: () => undefined });
      for (const token of PROMPT.slice(100, 110)) await stepOne(session, stepped.sequence, token);
      session.release(stepped.sequence);
      const again = await session.prefill(PROMPT);
      // Tokens from steps count only if a step has the bits of a prompt.
      expect(again.reused).toBeGreaterThanOrEqual(100);
      expect(await thenSteps(engine, again.sequence, again.logits)).toEqual(expected);
      engine.dispose();
    });
  });

  test.each(Object.entries(MODELS))(
    'and its steps have the same bits with and without subgroups: %s',
    async (_, spec) => {
      const [tree, subgroups] = await Promise.all(
        (['tree', 'subgroups'] as const).map(async (reducer) => {
          const engine = await openModel(gpu, spec, { reducer });
          const found = await rows(engine, []);
          engine.dispose();
          return found;
        }),
      );
      expect(subgroups).toEqual(tree);
    },
    PATIENCE,
  );
});
