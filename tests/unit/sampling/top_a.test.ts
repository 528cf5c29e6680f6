/** Compares top-a with plain loops, and checks that its one file makes it known to everything that lists stages. */
import fc from 'fast-check';
import { safeParse } from 'valibot';
import { describe, expect, test } from 'vitest';
import { beamParams } from '../../../src/decoding/strategies/beam.ts';
import { readFragment, writeFragment } from '../../../src/playground/link/fragment.ts';
import { settingsChecksum } from '../../../src/playground/record/checksum.ts';
import { laneParams, defaultSettings } from '../../../src/playground/settings.ts';
import { settingsSchema } from '../../../src/playground/settings_schema.ts';
import { buildChain, remembers } from '../../../src/sampling/chain.ts';
import { chainOrder } from '../../../src/sampling/chain_order.ts';
import { paramFlagHelp, paramsFromFlags } from '../../../src/sampling/flags.ts';
import { defaultParams, firstParams, parameter } from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, fullOrder, TEMPERATURE_FIRST_ORDER } from '../../../src/sampling/params.ts';
import { tokenFate } from '../../../src/sampling/trace_view.ts';
import { plainCandidates, plainSoftmax, plainTopA, plainTopK } from '../../reference/plain_samplers.ts';
import { logitsOf, runChain } from './run_chain.ts';

const share = fc.double({ min: 0.001, max: 1, noNaN: true });
/** Logits on a grid of quarters, so that ties are common. */
const logits = fc
  .array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 700 })
  .map((values) => Float32Array.from(values, (value) => value / 4));

describe('against plain loops', () => {
  test('keeps the same tokens with the same probabilities', () => {
    fc.assert(
      fc.property(logits, share, (row, topA) => {
        const { survivors, probabilities } = runChain(row, { topA });
        const living = plainTopA(topA)(plainCandidates(row));
        expect(survivors).toEqual(living.map(({ id }) => id));
        const expected = plainSoftmax(living);
        living.forEach(({ id }, i) =>
          expect(Math.abs(probabilities[id]! - expected[i]!)).toBeLessThan(1e-12),
        );
      }),
      { numRuns: 200, seed: 20261121 },
    );
  });

  test('sees the distribution that the stage before it left', () => {
    fc.assert(
      fc.property(logits, share, fc.integer({ min: 1, max: 30 }), (row, topA, topK) => {
        const living = plainTopA(topA)(plainTopK(topK)(plainCandidates(row)));
        expect(runChain(row, { topA, topK }).survivors).toEqual(
          living.map(({ id }) => id).sort((a, b) => a - b),
        );
      }),
      { numRuns: 200, seed: 20261121 },
    );
  });

  test('a large common offset changes nothing, and the best token always stays', () => {
    fc.assert(
      fc.property(logits, share, (row, topA) => {
        const shifted = row.map((logit) => logit + 4096);
        const { survivors } = runChain(shifted, { topA });
        expect(survivors).toEqual(runChain(row, { topA }).survivors);
        expect(survivors).toContain(row.indexOf(Math.max(...row)));
      }),
      { numRuns: 100, seed: 20261121 },
    );
  });

  test('keeps many tokens where the model is unsure, and few where it is sure', () => {
    const sure = runChain(logitsOf([0.9, 0.06, 0.03, 0.01]), { topA: 0.1 });
    const unsure = runChain(logitsOf([0.25, 0.35, 0.3, 0.1]), { topA: 0.1 });
    expect([sure.survivors, unsure.survivors]).toEqual([[0], [0, 1, 2, 3]]);
    const [stage] = sure.trace.stages;
    expect(stage).toMatchObject({ stage: 'top_a', before: 4, after: 1, changed: 0 });
    expect(stage!.massRemoved).toBeCloseTo(0.1, 6);
    expect(tokenFate(sure.trace, 1)).toMatchObject({ removedBy: 'top_a', missed: { quantity: 'logit' } });
    expect(stage!.cut!.value).toBeCloseTo(Math.log(0.1 * 0.9 ** 2), 6);
  });
});

describe('its file alone makes it known', () => {
  test('to flags, the table, the chain and beams', () => {
    expect(paramsFromFlags(['--top-a', '0.2']).value.topA).toBe(0.2);
    expect(() => paramsFromFlags(['--top-a', '2'])).toThrow(
      '--top-a is "2", but must be a number from 0 to 1',
    );
    expect(paramFlagHelp().map(({ flag }) => flag)).toContain('--top-a');
    expect(parameter('topA')).toMatchObject({ name: 'top_a', label: 'Top-a', llamaCpp: null, openai: null });
    const params = { ...defaultParams(), topA: 0.2 };
    const names = buildChain(params, { vocabularySize: 9 }).map(({ name }) => name);
    expect(names).toEqual(['grammar', 'top_k', 'top_a', 'top_p', 'min_p', 'temperature']);
    expect(remembers(params)).toBe(false);
    expect(beamParams(params).order).toContain('top_a');
  });

  test('to links, also per lane', () => {
    const settings = { ...defaultSettings(), lanes: [{}, { topA: 0.3 }] };
    const read = readFragment(writeFragment(settings))!;
    expect(read.problems).toEqual([]);
    expect(read.settings).toEqual(settings);
    const runs = [0, 1].map((lane) => chainOrder(laneParams(read.settings, lane)).includes('top_a'));
    expect(runs).toEqual([false, true]);
  });
});

describe('links and records from before top-a', () => {
  test('a link without it has it neutral, and version 1’s order', () => {
    const { settings } = readFragment('v=1&prompt=Once&t=0.7')!;
    expect(settings.params.topA).toBe(0);
    expect(settings.params.order).toEqual(DEFAULT_ORDER.filter((name) => name !== 'top_a'));
    expect(chainOrder(settings.params)).toEqual(settings.params.order);
  });

  test('settings without it are valid, and their checksum fits', () => {
    const settings = { ...defaultSettings(), prompt: 'The dog' };
    const before = { ...settings.params, topA: undefined };
    const read = safeParse(settingsSchema, JSON.parse(JSON.stringify({ ...settings, params: before })));
    expect(read.output).toEqual(settings);
    const checksum = settingsChecksum(settings);
    expect(checksum).toBe(
      settingsChecksum({ ...settings, params: before as unknown as typeof settings.params }),
    );
    expect(checksum).not.toBe(settingsChecksum({ ...settings, params: { ...settings.params, topA: 0.1 } }));
  });

  test('an order that does not name it runs it at its default place', () => {
    expect(fullOrder(firstParams().order)).toEqual(DEFAULT_ORDER);
    const without = TEMPERATURE_FIRST_ORDER.filter((name) => name !== 'top_a');
    expect(fullOrder(without)).toEqual(TEMPERATURE_FIRST_ORDER);
    expect(fullOrder(['temperature', 'xtc'])).toEqual(['top_a', 'temperature', 'xtc']);
    expect(fullOrder(['top_a', 'min_p'])).toEqual(['top_a', 'min_p']);
    const params = { ...firstParams(), order: ['temperature', 'top_k'] as const, topA: 0.5 };
    expect(chainOrder(params)).toEqual(['temperature', 'top_k', 'top_a']);
    expect(chainOrder({ ...params, off: ['top_a'] })).toEqual(['temperature', 'top_k']);
  });
});
