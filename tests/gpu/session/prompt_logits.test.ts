import { expect, test } from 'vitest';
import type { ModelSpec } from '../../models/make_model.ts';
import { relativeError } from '../kernels/fixture.ts';
import { describeOnQuickest, openModel, randomTokens, SMALL, stepOne } from './fixture.ts';

/** Two orders of f32 sums through two layers. */
const TOLERANCE = 1e-5;

const SPECS: readonly (readonly [string, ModelSpec])[] = [
  ['llama, Q4_0', SMALL],
  [
    'gpt2, F32',
    { ...SMALL, architecture: 'gpt2', format: 'F32', heads: 6, kvHeads: 6, tied: true, embeddingLength: 96 },
  ],
];

describeOnQuickest('logits at each position of a prompt', ({ gpu }) => {
  test.each(SPECS)('equal those of one token after another: %s', async (_, spec) => {
    const engine = await openModel(gpu, spec);
    const { session } = engine;
    const tokens = randomTokens(4, 45);
    const rows = new Map<number, Float32Array>();
    const onLogits = (position: number, logits: Float32Array) => void rows.set(position, logits);
    const first = await session.prefill(tokens.slice(0, 37), { onLogits });
    expect([...rows.keys()]).toEqual(tokens.slice(0, 37).map((_, i) => i));
    expect(rows.get(36)).toEqual(first.logits);
    // A sequence that continues reports only its new positions.
    rows.clear();
    await session.prefill(tokens.slice(37), { sequence: first.sequence, onLogits });
    expect([...rows.keys()]).toEqual(tokens.slice(37).map((_, i) => i + 37));
    await session.prefill(tokens, { onLogits });

    const { sequence, logits } = await session.prefill(tokens.slice(0, 1), { onLogits: () => undefined });
    expect(relativeError(logits, rows.get(0)!)).toBeLessThan(TOLERANCE);
    for (let i = 1; i < tokens.length; i++) {
      const own = await stepOne(session, sequence, tokens[i]!);
      expect(relativeError(own, rows.get(i)!), `position ${i}`).toBeLessThan(TOLERANCE);
    }
    engine.dispose();
  });
});
