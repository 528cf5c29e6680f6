import { expect, test } from 'vitest';
import type { Engine, SequenceId } from '../../../src/engines/contract.ts';
import type { WebGpuEngineOptions } from '../../../src/engines/webgpu/engine.ts';
import { randomBits } from '../../models/counter_rng.ts';
import type { ModelSpec } from '../../models/make_model.ts';
import { bits, describeOnQuickest, openModel, randomTokens, SMALL } from './fixture.ts';

interface Case {
  readonly options: Partial<WebGpuEngineOptions>;
  readonly spec: ModelSpec;
  /**
   * Largest batch. LLVM takes up to ten seconds per pipeline for a real GPU's reducers with eight columns, and two seconds with
   * two. kernels/matrix_product.test.ts has one with eight; here a batch of two shows that nothing else in a pass differs.
   */
  readonly most: number;
  readonly longest: number;
  readonly seeds: number;
}

const F32: ModelSpec = { ...SMALL, format: 'F32' };

const CASES: Readonly<Record<string, Case>> = {
  'rows, Q4_0': { options: { reducer: 'rows' }, spec: SMALL, most: 16, longest: 70, seeds: 6 },
  'rows without subgroups, Q4_0': {
    options: { reducer: 'rows', without: ['subgroups'] },
    spec: SMALL,
    most: 16,
    longest: 40,
    seeds: 2,
  },
  'tree, F32': { options: { reducer: 'tree' }, spec: F32, most: 2, longest: 2, seeds: 2 },
  'subgroups, F32': { options: { reducer: 'subgroups' }, spec: F32, most: 2, longest: 2, seeds: 2 },
};

const STEPS = 3;

describeOnQuickest('logits are the same bits alone and in a batch', ({ gpu }) => {
  test.each(Object.entries(CASES))('by %s', async (_, { options, spec, most, longest, seeds }) => {
    const engine = await openModel(gpu, spec, options);
    for (let seed = 1; seed <= seeds; seed++) await compare(engine, seed, most, longest);
    engine.dispose();
  });
});

async function compare({ session }: Engine, seed: number, most: number, longest: number): Promise<void> {
  const count = 2 + (randomBits(seed, 2, 0) % (most - 1));
  const together: SequenceId[] = [];
  const alone: SequenceId[] = [];
  for (let i = 0; i < count; i++) {
    const length = 1 + (randomBits(seed, 3, i) % longest);
    const { sequence } = await session.prefill(randomTokens(seed * 100 + i, length));
    together.push(sequence);
    alone.push(session.fork(sequence));
  }
  for (let step = 0; step < STEPS; step++) {
    const tokens = randomTokens(seed * 1000 + step, count);
    // The order differs each time.
    const order = together.map((_, i) => (i + step) % count);
    const batch = await session.step(order.map((i) => ({ sequence: together[i]!, token: tokens[i]! })));
    for (const [place, i] of order.entries()) {
      const [own] = await session.step([{ sequence: alone[i]!, token: tokens[i]! }]);
      expect(bits(batch[place]!), `seed ${seed}, ${count} sequences, step ${step}, sequence ${i}`).toEqual(
        bits(own!),
      );
    }
  }
  for (const id of [...together, ...alone]) session.release(id);
}
