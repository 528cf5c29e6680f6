/** Helpers of the tests of sessions: a small random model on an adapter, and random tokens. */
import { describe, test } from 'vitest';

import type { Engine, SequenceId, Session } from '../../../src/engines/contract.ts';
import { loadWebGpuEngine, type WebGpuEngineOptions } from '../../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { randomBits } from '../../models/counter_rng.ts';
import { makeModel, type ModelSpec } from '../../models/make_model.ts';
import { devices, type TestAdapter } from '../../setup/devices.ts';

/** Two layers, grouped heads, an odd vocabulary: the smallest model that uses every kernel. Most tests share it and its shaders. */
export const SMALL: ModelSpec = {
  seed: 11,
  architecture: 'llama',
  format: 'Q4_0',
  vocabularySize: 307,
  contextLength: 160,
  layers: 2,
  embeddingLength: 64,
  feedForwardLength: 96,
  heads: 4,
  kvHeads: 2,
  tied: false,
};

export function openModel(
  gpu: GPU,
  spec: ModelSpec,
  options: Partial<WebGpuEngineOptions> = {},
): Promise<Engine> {
  return loadWebGpuEngine(bufferSource('small.gguf', makeModel(spec)), { gpu, ...options });
}

/** `count` tokens of the small vocabulary; the same for the same seed. */
export function randomTokens(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => randomBits(seed, 1, i) % SMALL.vocabularySize);
}

/** Logits after `tokens`, computed without a cached prefix, because the call asks for all logits. */
export async function freshLogits(session: Session, tokens: readonly number[]): Promise<Float32Array> {
  const { sequence, logits } = await session.prefill(tokens, { onLogits: () => undefined });
  session.release(sequence);
  return logits;
}

export async function stepOne(session: Session, sequence: SequenceId, token: number): Promise<Float32Array> {
  const [logits] = await session.step([{ sequence, token }]);
  return logits!;
}

/** Logits as bits, so that −0 and 0 differ. */
export function bits(logits: Float32Array): Uint32Array {
  return new Uint32Array(logits.slice().buffer);
}

/** Runs on the fastest adapter. Sessions do the same on the CPU with every adapter, and smoke.test.ts runs on each. */
export function describeOnQuickest(title: string, body: (device: TestAdapter) => void): void {
  const [quickest] = devices;
  if (quickest) describe(`${title} on ${quickest.name}`, () => body(quickest));
  else describe(title, () => test.skip('no adapter on this machine: run "npm run setup"'));
}
