/** Devices with a fault: the engine works around it and reports it, and its logits are right. */
import { expect, test } from 'vitest';
import type { Engine } from '../../../src/engines/contract.ts';
import type { WebGpuEngineOptions } from '../../../src/engines/webgpu/engine.ts';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { verdictsInMemory } from '../../../src/engines/webgpu/selftest/verdicts.ts';
import { makeModel } from '../../models/make_model.ts';
import { plainForward, readPlainModel } from '../../reference/plain_forward.ts';
import { faultyDevice, flushHalves, replaced } from '../../setup/faulty_device.ts';
import { relativeError } from '../kernels/fixture.ts';
import { bits, describeOnQuickest, openModel, randomTokens, SMALL } from '../session/fixture.ts';

const TOKENS = randomTokens(5, 40);

/** The small model's logits after each of TOKENS, from plain loops. */
const expected = openGguf(bufferSource('small.gguf', makeModel(SMALL))).then(async (file) =>
  plainForward(await readPlainModel(file), TOKENS),
);

async function expectRightLogits(engine: Engine): Promise<void> {
  const rows = await expected;
  const { sequence, logits } = await engine.session.prefill(TOKENS.slice(0, -1));
  expect(relativeError(logits, rows.at(-2)!)).toBeLessThan(2e-3);
  const [next] = await engine.session.step([{ sequence, token: TOKENS.at(-1)! }]);
  expect(relativeError(next!, rows.at(-1)!)).toBeLessThan(2e-3);
}

/** Logits of a step of four forks, each alone and all together. */
async function aloneAndTogether({ session }: Engine): Promise<[Float32Array[], Float32Array[]]> {
  const { sequence } = await session.prefill(TOKENS);
  const entries = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ sequence: session.fork(sequence), token: i + 1 }));
  const alone: Float32Array[] = [];
  for (const entry of entries(4)) alone.push(...(await session.step([entry])));
  return [alone, await session.step(entries(4))];
}

describeOnQuickest('an adapter that gets something wrong', ({ gpu, name }) => {
  const open = (edit: (code: string, label: string) => string, options: Partial<WebGpuEngineOptions> = {}) =>
    openModel(gpu, SMALL, { onDevice: faultyDevice(edit), verdicts: verdictsInMemory(), ...options });
  const detours = (engine: Engine) => engine.describe().selfTest!.detours;

  test('a correct device has no detours', async () => {
    const engine = await open((code) => code);
    expect(detours(engine)).toEqual([]);
    expect(engine.describe().selfTest!.checks).toBeGreaterThan(8);
    await expectRightLogits(engine);
    engine.dispose();
  });

  test('halves that are flushed to zero are decoded by integer arithmetic', async () => {
    const engine = await open(flushHalves);
    expect(detours(engine)).toEqual([expect.stringMatching(/unpacks 16-bit numbers.*integer arithmetic/)]);
    expect(engine.describe().numerics).toContain('halves=integer');
    await expectRightLogits(engine);
    engine.dispose();
  });

  test('a format that is wrong in every variant refuses the model in one sentence', async () => {
    const edit = (code: string, label: string) =>
      / q4_0 /.test(label) ? replaced(code, '- 8.0', '- 7.0') : code;
    // Each detour costs a trial and a compilation, so the engine must not take more than it needs.
    const wrong = open(edit, { without: ['subgroups', 'shader-f16'] });
    await expect(wrong).rejects.toMatchObject({
      code: 'wrong-results',
      message: expect.stringMatching(/Q4_0 weights.*update the graphics driver/) as unknown,
    });
  });

  test('a wrong summary is computed on the CPU', async () => {
    const engine = await open((code, label) =>
      label.startsWith('logit_summary') ? replaced(code, 'log(sums.x)', 'log(sums.y)') : code,
    );
    expect(detours(engine)).toEqual([]);
    const summaries: number[] = [];
    const rows: Float32Array[] = [];
    const tokens = TOKENS.slice(0, 5);
    await engine.session.prefill(tokens, { onSummary: (_, one) => summaries.push(one.logNormaliser) });
    await engine.session.prefill(tokens, { onLogits: (_, row) => rows.push(row) });
    const normaliser = (row: Float32Array) => Math.log(row.reduce((sum, l) => sum + Math.exp(l), 0));
    expect(summaries).toHaveLength(4);
    summaries.forEach((one, i) => expect(one).toBeCloseTo(normaliser(rows[i]!), 4));
    expect(detours(engine)).toEqual([expect.stringMatching(/summaries of logits.*CPU/)]);
    engine.dispose();
  });

  // On a CPU adapter, only subgroups of eight have shaders of their own.
  if (name !== 'llvmpipe') return;

  test('a format that is wrong with subgroups is computed without them, and a second load remembers this', async () => {
    const verdicts = verdictsInMemory();
    const edit = (code: string, label: string) =>
      /matvec_rows q4_0 .*lanes8/.test(label) ? replaced(code, '- 8.0', '- 7.0') : code;
    const first = await open(edit, { verdicts });
    expect(detours(first)).toEqual([expect.stringMatching(/products with Q4_0 weights.*subgroup/)]);
    expect(first.describe().selfTest!.ms).toBeGreaterThan(0);
    await expectRightLogits(first);
    first.dispose();
    const asked: string[] = [];
    const second = await open((code, label) => (asked.push(label), edit(code, label)), { verdicts });
    expect(detours(second)).toEqual(detours(first));
    expect(second.describe().selfTest!.ms).toBe(0);
    expect(asked.filter((label) => label.includes('lanes8'))).toEqual([]);
    second.dispose();
  });

  test('a batch whose bits differ goes through the pipeline of one row', async () => {
    const engine = await open((code, label) =>
      /matvec_rows/.test(label) && !/\bone\b/.test(label)
        ? replaced(code, '(v.x + v.y) + (v.z + v.w)', '((v.x + v.y) + v.z) + v.w')
        : code,
    );
    expect(detours(engine)).toEqual([expect.stringMatching(/for one text than for several/)]);
    expect(engine.describe().numerics).toContain('batch=one');
    const [alone, together] = await aloneAndTogether(engine);
    expect(together.map(bits)).toEqual(alone.map(bits));
    await expectRightLogits(engine);
    engine.dispose();
  });

  test('a batch that differs only in the output head is found at the first batch', async () => {
    const engine = await open((code, label) =>
      /matvec_rows.*\boutputs\b/.test(label) && !/\bone\b/.test(label)
        ? replaced(code, '(v.x + v.y) + (v.z + v.w)', '((v.x + v.y) + v.z) + v.w')
        : code,
    );
    expect(detours(engine)).toEqual([]);
    const [alone, together] = await aloneAndTogether(engine);
    expect(together.map(bits)).toEqual(alone.map(bits));
    expect(detours(engine)).toEqual([expect.stringMatching(/for one text than for several/)]);
    engine.dispose();
  });

  test('a shader that the driver refuses is not used either', async () => {
    const engine = await open((code, label) => (/lanes8/.test(label) ? `${code}\nno shader` : code));
    expect(detours(engine)).toEqual([expect.stringMatching(/subgroup/)]);
    await expectRightLogits(engine);
    engine.dispose();
  });
});
