import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/contract.ts';
import { loadWebGpuEngine } from '../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../src/engines/gguf/sources.ts';
import { describeOnEachAdapter } from '../setup/devices.ts';
import { klDivergence } from './goldens.ts';

const folder = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'models');

interface Reference {
  readonly prompt_ids: readonly number[];
  /** The text with its prompt. */
  readonly greedy_ids: readonly number[];
  readonly logits_step0: readonly number[];
  readonly logits_step10: readonly number[];
  readonly logits_step100: readonly number[];
}

/** The output of llama.cpp on a CPU, from the folder's README. */
const CONTINUATION =
  ', there was a little girl named Lily. She loved to play outside in the park. One day, she saw';

describe.skipIf(!existsSync(folder))('stories260K (../shared/models)', () => {
  describeOnEachAdapter('the engine', ({ gpu }) => {
    let engine: Engine | undefined;
    afterAll(() => engine?.dispose());

    test('gives the logits of the numpy reference at steps 0, 10 and 100, and its greedy tokens', async () => {
      const reference = JSON.parse(
        readFileSync(resolve(folder, 'stories260K_greedy_reference.json'), 'utf8'),
      ) as Reference;
      engine = await loadWebGpuEngine(
        bufferSource('stories260K.gguf', readFileSync(resolve(folder, 'stories260K.gguf'))),
        { gpu },
      );
      const { session } = engine;
      const { sequence, logits } = await session.prefill(reference.prompt_ids);
      const steps: Float32Array[] = [logits];
      const ids: number[] = [];
      for (let i = 0; i <= 100; i++) {
        const token = likeliest(steps.at(-1)!);
        ids.push(token);
        steps.push((await session.step([{ sequence, token }]))[0]!);
      }
      expect(ids).toEqual(reference.greedy_ids.slice(1, 1 + ids.length));
      for (const step of [0, 10, 100] as const) {
        expect(klDivergence(reference[`logits_step${step}`], steps[step]!)).toBeLessThanOrEqual(1e-9);
      }
      session.release(sequence);
    });

    test('continues "Once upon a time" as llama.cpp does', async () => {
      const { session, tokenizer } = engine!;
      const prompt = tokenizer.encode('Once upon a time', { addSpecial: true });
      const { sequence, logits } = await session.prefill(prompt);
      const ids = [likeliest(logits)];
      while (tokenizer.decode([...prompt, ...ids]).length < 'Once upon a time'.length + CONTINUATION.length) {
        const [next] = await session.step([{ sequence, token: ids.at(-1)! }]);
        ids.push(likeliest(next!));
      }
      expect(tokenizer.decode([...prompt, ...ids])).toBe(`Once upon a time${CONTINUATION}`);
    });
  });
});

function likeliest(logits: Float32Array): number {
  return logits.reduce((best, logit, id) => (logit > logits[best]! ? id : best), 0);
}
