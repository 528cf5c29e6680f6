import { afterAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/contract.ts';
import { loadWebGpuEngine } from '../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../src/engines/gguf/sources.ts';
import { makeModel } from '../models/make_model.ts';
import { describeOnEachAdapter, isBrief } from '../setup/devices.ts';
import { type Golden, goldens, klBound, klDivergence } from './goldens.ts';

/** SwiftShader takes a second per pipeline, so it tests each architecture once; llvmpipe tests each format as well. */
const ONCE_EACH = ['llama-f32', 'qwen2-f32', 'qwen3-f32', 'gpt2-f32', 'llama-q4_k'];

describeOnEachAdapter('next-token distributions agree with llama.cpp', (adapter) => {
  const { gpu } = adapter;
  const chosen = goldens().filter((golden) => !isBrief(adapter) || ONCE_EACH.includes(golden.name));
  describe.each(chosen.map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
    let engine: Engine | undefined;
    afterAll(() => engine?.dispose());

    test('by prefill, at the first, a middle and the last position', async () => {
      engine = await loadWebGpuEngine(bufferSource(golden.name, makeModel(golden.spec)), { gpu });
      const seen = new Map<number, Float32Array>();
      const { logits } = await engine.session.prefill(golden.tokens, {
        onLogits: (position, row) => seen.set(position, row),
      });
      expect(seen.size).toBe(golden.tokens.length);
      expect(seen.get(golden.tokens.length - 1)).toEqual(logits);
      for (const position of positions(golden)) expectAgreement(golden, position, seen.get(position)!);
    });

    test('token by token, from the cache', async () => {
      const { session } = engine!;
      const { sequence, logits } = await session.prefill([golden.tokens[0]!]);
      const rows = [logits];
      for (const token of golden.tokens.slice(1)) rows.push((await session.step([{ sequence, token }]))[0]!);
      for (const position of positions(golden)) expectAgreement(golden, position, rows[position]!);
    });
  });
});

function positions(golden: Golden): number[] {
  return Object.keys(golden.logits).map(Number);
}

function expectAgreement(golden: Golden, position: number, logits: Float32Array): void {
  const bound = klBound(golden.spec.format);
  const divergence = klDivergence(golden.logits[String(position)]!, logits);
  expect(divergence, `KL at position ${position} of ${golden.name}`).toBeLessThanOrEqual(bound);
  expect(divergence).toBeGreaterThan(-1e-9);
}
