/** Comparisons rely on the engine's promise that a lane's text does not depend on the lanes beside it. */
import { expect, test } from 'vitest';
import { runDecoding } from '../../../src/decoding/decode.ts';
import type { LaneSpec } from '../../../src/decoding/events.ts';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { loadWebGpuEngine } from '../../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { uniform } from '../../../src/sampling/rng.ts';
import { makeModel } from '../../models/make_model.ts';
import { describeOnEachAdapter } from '../../setup/devices.ts';

const VOCABULARY = 345;
const model = makeModel({
  seed: 23,
  architecture: 'llama',
  format: 'Q8_0',
  vocabularySize: VOCABULARY,
  contextLength: 512,
  layers: 2,
  embeddingLength: 64,
  feedForwardLength: 96,
  heads: 4,
  kvHeads: 2,
  tied: true,
});
const prompt = Array.from({ length: 21 }, (_, i) => 3 + ((i * 37 + 5) % (VOCABULARY - 3)));
/** Some lanes end before others, so that the batch shrinks. */
const stop = { maxTokens: 14, sequences: [], ignoreEndOfGeneration: false };

/** Sixteen random settings: temperatures, cuts, penalties, mirostat, adaptive-p, seeds and streams. */
const lanes: LaneSpec[] = Array.from({ length: 16 }, (_, i) => {
  const at = (purpose: number): number => uniform(77, i, purpose);
  return {
    stream: i % 3,
    params: {
      ...defaultParams(),
      temperature: 2 * at(0),
      topK: Math.floor(VOCABULARY * at(1)),
      topP: 0.5 + at(2) / 2,
      minP: at(3) / 20,
      typicalP: at(4) < 0.5 ? 1 : 0.5 + at(4) / 2,
      repeatPenalty: 1 + at(5) / 2,
      presencePenalty: at(6),
      dryMultiplier: i % 5 === 0 ? 1 : 0,
      xtcProbability: i % 4 === 0 ? 0.5 : 0,
      mirostat: i % 7 === 0 ? 2 : i % 7 === 1 ? 1 : 0,
      adaptiveTarget: i % 7 === 3 ? 0.4 : -1,
      seed: Math.floor(1e6 * at(7)),
    },
  };
});

describeOnEachAdapter('sixteen lanes', ({ gpu }) => {
  test('tokens and logits are those of each setting alone, bit for bit', async () => {
    const engine = await loadWebGpuEngine(bufferSource('random', model), { gpu });
    const run = async (chosen: LaneSpec[]) => {
      const memory = new LogitMemory();
      const spec = { prompt, strategy: { kind: 'sample' } as const, lanes: chosen, stop };
      const { branches, error } = await runDecoding(engine, spec, { memory });
      expect(error).toBeNull();
      return branches.map(({ tokens, totalLogprob }) => ({
        tokens,
        totalLogprob,
        // Logits before each token, but none after the last, which no test needs.
        rows: memory.along([...prompt, ...tokens.slice(0, -1)], prompt.length - 1),
      }));
    };
    const together = await run(lanes);
    expect(new Set(together.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(8);
    for (const [i, lane] of lanes.entries()) {
      const [alone] = await run([lane]);
      const mine = together[i]!;
      expect(mine.tokens, `lane ${i}`).toEqual(alone!.tokens);
      expect(mine.totalLogprob).toBe(alone!.totalLogprob);
      expect(mine.rows).toHaveLength(mine.tokens.length);
      mine.rows.forEach((row, step) => {
        const bits = (logits: Float32Array | null) =>
          Buffer.from(logits!.buffer, logits!.byteOffset, logits!.byteLength);
        expect(bits(row).equals(bits(alone!.rows[step]!)), `lane ${i}, step ${step}`).toBe(true);
      });
    }
    expect(engine.session.usage.pagesUsed).toBeLessThanOrEqual(
      Math.ceil(prompt.length / engine.session.usage.pageTokens),
    );
    engine.dispose();
  });
});
