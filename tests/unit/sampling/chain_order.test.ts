import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildChain } from '../../../src/sampling/chain.ts';
import {
  changeNumber,
  chainOrder,
  isIdle,
  isOn,
  isReplaced,
  numberInPlay,
  stageParameters,
  switchStage,
} from '../../../src/sampling/chain_order.ts';
import {
  defaultParams,
  firstParams,
  neutralParams,
  parameter,
  PARAMETERS,
} from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, type SamplingParams, type StageName } from '../../../src/sampling/params.ts';

/** Numbers that are often exactly at the ends of their ranges, or neutral. */
const paramsOf: fc.Arbitrary<SamplingParams> = fc
  .record({
    numbers: fc.tuple(
      ...PARAMETERS.map(({ min, max, sliderMin, sliderMax, default: given, neutral, integer }) =>
        fc.oneof(
          fc.constantFrom(min, max, given, neutral ?? given),
          integer
            ? fc.integer({ min: sliderMin, max: Math.min(sliderMax, 1000) })
            : fc.double({ min: sliderMin, max: sliderMax, noNaN: true }),
        ),
      ),
    ),
    order: fc.shuffledSubarray([...DEFAULT_ORDER], { minLength: 10 }),
    off: fc.subarray([...DEFAULT_ORDER], { maxLength: 4 }),
    bias: fc.array(fc.record({ token: fc.nat(10), bias: fc.constant(1) }), { maxLength: 1 }),
  })
  .map(({ numbers, order, off, bias }) => ({
    ...defaultParams(),
    ...Object.fromEntries(PARAMETERS.map(({ key }, index) => [key, numbers[index]!])),
    order,
    off,
    logitBias: bias,
  }));

const numbered = DEFAULT_ORDER.filter((stage) => stageParameters(stage).length > 0);
const running = (params: SamplingParams): StageName[] =>
  buildChain(params, { vocabularySize: 50 })
    .map(({ name }) => name)
    .filter((name) => name !== 'grammar');

describe('a stage’s switch', () => {
  test('is on for the stages that the chain runs, and for no other', () => {
    fc.assert(
      fc.property(paramsOf, (params) => {
        expect(DEFAULT_ORDER.filter((stage) => isOn(stage, params)).sort()).toEqual(running(params).sort());
      }),
      { numRuns: 1000 },
    );
  });

  test('of the presets: four stages by default, none in a neutral chain', () => {
    const on = (params: SamplingParams) => chainOrder(params).filter((stage) => isOn(stage, params));
    expect(on(defaultParams())).toEqual(['top_k', 'top_p', 'min_p', 'temperature']);
    expect(on(firstParams())).toEqual(['top_k', 'top_p', 'min_p', 'temperature']);
    expect(on(neutralParams())).toEqual([]);
    for (const topNSigma of [-1, 0])
      expect(isIdle('top_n_sigma', { ...defaultParams(), topNSigma })).toBe(true);
  });

  test('off and on again restores every number, bit for bit', () => {
    fc.assert(
      fc.property(paramsOf, fc.constantFrom(...DEFAULT_ORDER), (params, stage) => {
        fc.pre(isOn(stage, params));
        const off = { ...params, ...switchStage(stage, params, false) };
        expect(isOn(stage, off)).toBe(false);
        const on = { ...off, ...switchStage(stage, off, true) };
        expect({ ...on, off: [...on.off].sort() }).toEqual({ ...params, off: [...params.off].sort() });
      }),
    );
  });

  test('switches on any stage with numbers, and changes only its own', () => {
    fc.assert(
      fc.property(paramsOf, fc.constantFrom(...numbered), (params, stage) => {
        fc.pre(params.order.includes(stage) && !isReplaced(stage, params) && !isOn(stage, params));
        const patch = switchStage(stage, params, true);
        expect(isOn(stage, { ...params, ...patch })).toBe(true);
        const own = stageParameters(stage).map(({ key }) => key as string);
        expect(Object.keys(patch).filter((key) => key !== 'off' && !own.includes(key))).toEqual([]);
      }),
    );
  });

  test('keeps the person’s numbers where it can: a closed window opens, and the penalty stays', () => {
    const params = { ...defaultParams(), repeatPenalty: 1.3, penaltyLastN: 0 };
    expect(switchStage('penalties', params, true)).toEqual({ off: [], penaltyLastN: 64 });
    expect(switchStage('top_n_sigma', defaultParams(), true)).toEqual({ off: [], topNSigma: 1 });
  });
});

describe('a stage’s number', () => {
  const off: SamplingParams = { ...defaultParams(), off: ['top_p', 'dry'] };

  test('stands at its neutral value while the stage is off, and keeps the person’s', () => {
    expect(numberInPlay(parameter('topP'), off)).toBe(1);
    expect(numberInPlay(parameter('topK'), off)).toBe(40);
    expect(numberInPlay(parameter('dryBase'), off)).toBe(1.75);
    expect(off.topP).toBe(0.95);
  });

  test('switches the stage on when it does something, and only then', () => {
    expect(changeNumber('topP', 0.7, off)).toEqual({ topP: 0.7, off: ['dry'] });
    expect(changeNumber('topP', 1, off)).toEqual({ topP: 1 });
    expect(changeNumber('dryBase', 2, off)).toEqual({ dryBase: 2 });
    expect(changeNumber('topK', 7, off)).toEqual({ topK: 7 });
  });

  test('starts with a value at which the stage does something', () => {
    for (const stage of numbered) {
      const started = Object.fromEntries(stageParameters(stage).map(({ key, start }) => [key, start]));
      expect(isIdle(stage, { ...neutralParams(), ...started })).toBe(false);
    }
    for (const { start, min, max, sliderMin, sliderMax } of PARAMETERS) {
      expect(start).toBeGreaterThanOrEqual(Math.max(min, sliderMin));
      expect(start).toBeLessThanOrEqual(Math.min(max, sliderMax));
    }
  });
});
