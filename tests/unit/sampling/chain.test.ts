import { describe, expect, test } from 'vitest';
import { chainOrder } from '../../../src/sampling/chain_order.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, TEMPERATURE_FIRST_ORDER, type SamplingParams } from '../../../src/sampling/params.ts';
import { runChain } from './run_chain.ts';

const orderOf = (change: Partial<SamplingParams>) => chainOrder({ ...defaultParams(), ...change });

describe('which stages run, and when', () => {
  test('stages run in the given order, without those that are off', () => {
    expect(orderOf({})).toEqual(DEFAULT_ORDER);
    expect(orderOf({ order: TEMPERATURE_FIRST_ORDER })).toEqual(TEMPERATURE_FIRST_ORDER);
    expect(orderOf({ order: ['min_p', 'temperature', 'top_k'] })).toEqual(['min_p', 'temperature', 'top_k']);
    expect(orderOf({ order: ['min_p', 'top_k'], off: ['min_p'] })).toEqual(['top_k']);
    expect(orderOf({ order: [] })).toEqual([]);
  });

  test('mirostat leaves only grammar, bias, penalties and temperature before it, and comes last', () => {
    const left = ['grammar', 'logit_bias', 'penalties', 'temperature', 'mirostat'];
    expect(orderOf({ mirostat: 2 })).toEqual(left);
    expect(
      orderOf({ mirostat: 1, order: ['mirostat', 'dry', 'temperature', 'top_k', 'adaptive_p'] }),
    ).toEqual(['temperature', 'mirostat']);
    expect(orderOf({ mirostat: 2, off: ['mirostat'] })).toEqual(
      DEFAULT_ORDER.filter((name) => name !== 'mirostat'),
    );
  });

  test('adaptive-p comes last wherever the order names it', () => {
    expect(orderOf({ order: ['adaptive_p', 'top_k', 'temperature'] })).toEqual([
      'top_k',
      'temperature',
      'adaptive_p',
    ]);
  });

  test('neutral stages leave no trace, and the default chain has four stages', () => {
    const stages = (change: Partial<SamplingParams>) =>
      runChain(Float32Array.of(1, 2, 3), change).trace.stages.map(({ stage }) => stage);
    expect(stages({})).toEqual([]);
    expect(stages(defaultParams())).toEqual(['top_k', 'top_p', 'min_p', 'temperature']);
    expect(stages({ ...defaultParams(), mirostat: 2 })).toEqual(['temperature', 'mirostat']);
    expect(stages({ ...defaultParams(), off: ['top_p'] })).toEqual(['top_k', 'min_p', 'temperature']);
  });
});
