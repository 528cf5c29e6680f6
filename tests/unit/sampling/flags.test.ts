import { describe, expect, test } from 'vitest';
import { paramFlagHelp, paramsFromFlags } from '../../../src/sampling/flags.ts';
import {
  defaultParams,
  neutralParams,
  parameter,
  PARAMETERS,
} from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, STAGES, TEMPERATURE_FIRST_ORDER } from '../../../src/sampling/params.ts';
import { PARAMS_PRESETS } from '../../../src/sampling/presets.ts';
import { paramProblems } from '../../../src/sampling/validate.ts';

describe('the table', () => {
  test.each(PARAMETERS.map((entry) => [entry.key, entry] as const))('%s is consistent', (key, entry) => {
    expect(parameter(key)).toBe(entry);
    expect(entry.sliderMin).toBeGreaterThanOrEqual(entry.min);
    expect(entry.sliderMax).toBeLessThanOrEqual(entry.max);
    for (const value of [entry.default, entry.neutral ?? entry.default]) {
      expect(value >= entry.min && value <= entry.max).toBe(true);
      if (entry.integer) expect(Number.isInteger(value)).toBe(true);
    }
    if (entry.scale === 'log') expect(entry.sliderMin).toBeGreaterThan(0);
    expect(entry.help).toMatch(/\.$/);
    expect(entry.name).toMatch(/^[a-z_]+$/);
  });

  test('names are unique, and every stage but the grammar and the bias has a parameter', () => {
    expect(new Set(PARAMETERS.map(({ name }) => name)).size).toBe(PARAMETERS.length);
    const stages = new Set(PARAMETERS.map(({ stage }) => stage));
    const without = Object.keys(STAGES).filter((name) => !stages.has(name as never));
    expect(without).toEqual(['grammar', 'logit_bias']);
  });

  test('defaults are llama.cpp’s', () => {
    expect(defaultParams()).toMatchObject({
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      typicalP: 1,
      temperature: 0.8,
      dynatempRange: 0,
      dynatempExponent: 1,
      penaltyLastN: 64,
      repeatPenalty: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      dryMultiplier: 0,
      dryBase: 1.75,
      dryAllowedLength: 2,
      dryLastN: 64,
      xtcProbability: 0,
      xtcThreshold: 0.1,
      topNSigma: -1,
      mirostat: 0,
      mirostatTau: 5,
      mirostatEta: 0.1,
      adaptiveTarget: -1,
      adaptiveDecay: 0.9,
      minKeep: 0,
      dryBreakers: ['\n', ':', '"', '*'],
    });
  });

  test('orders name every stage once, and presets are valid', () => {
    const stages = Object.keys(STAGES).sort();
    for (const order of [DEFAULT_ORDER, TEMPERATURE_FIRST_ORDER]) expect([...order].sort()).toEqual(stages);
    for (const { params } of [...PARAMS_PRESETS, { params: neutralParams() }]) {
      expect(paramProblems(params)).toEqual([]);
    }
  });
});

describe('flags', () => {
  test('both spellings are read, and other flags left alone', () => {
    const { value, rest } = paramsFromFlags([
      'model.gguf',
      '--temperature',
      '0.2',
      '--top-k=5',
      '--prompt',
      'a b',
      '--seed',
      '7',
      '--logit-bias',
      '5:-1.5,9:ban',
      '--order',
      'top_k,temperature',
      '--off',
      'min_p',
      '--dry-breaker',
      '\n',
      '--dry-breaker=;',
      '--adaptive-target=-1',
    ]);
    expect(value).toEqual({
      ...defaultParams(),
      temperature: 0.2,
      topK: 5,
      seed: 7,
      logitBias: [
        { token: 5, bias: -1.5 },
        { token: 9, bias: -Infinity },
      ],
      order: ['top_k', 'temperature'],
      off: ['min_p'],
      dryBreakers: ['\n', ';'],
    });
    expect(rest).toEqual(['model.gguf', '--prompt', 'a b']);
  });

  test('a preset applies first, wherever it stands, and the other flags override it', () => {
    const { value } = paramsFromFlags(['--top-p', '0.9', '--preset', 'openai']);
    expect(value).toEqual({ ...neutralParams(), order: TEMPERATURE_FIRST_ORDER, topP: 0.9 });
  });

  const wrong: [string[], RegExp][] = [
    [['--top-p', '1.5'], /--top-p is "1.5", but must be a number from 0 to 1/],
    [['--top-k', '2.5'], /--top-k is "2.5", but must be a whole number from 0 to/],
    [['--temperature', 'hot'], /--temperature is "hot"/],
    [['--temperature', ''], /--temperature is ""/],
    [['--temperature'], /--temperature has no value/],
    [['--seed', '-1'], /--seed is "-1".*from 0 to 4294967295/],
    [['--order', 'top_k,top_q'], /--order names "top_q".*the stages are grammar/],
    [['--order', 'top_k,top_k'], /"top_k" twice/],
    [['--logit-bias', '5'], /--logit-bias has "5"/],
    [['--preset', 'gpt'], /--preset is "gpt", but must be one of llama\.cpp/],
  ];
  test.each(wrong)('%j is refused with its name, value and range', (argv, message) => {
    expect(() => paramsFromFlags(argv)).toThrow(message);
  });

  test('the help names every parameter', () => {
    const flags = paramFlagHelp().map(({ flag }) => flag);
    for (const { name } of PARAMETERS) expect(flags).toContain(`--${name.replaceAll('_', '-')}`);
  });
});

test('each problem of unchecked values gets a sentence', () => {
  const problems = paramProblems(
    {
      ...defaultParams(),
      topP: NaN,
      topK: 1.5,
      order: ['top_k', 'nonsense' as never],
      logitBias: [
        { token: 600, bias: 1 },
        { token: 1, bias: Infinity },
      ],
      dryBreakers: [''],
    },
    512,
  );
  expect(problems).toEqual([
    'Top-k is 1.5, but must be a whole number from 0 to 1000000.',
    'Top-p is NaN, but must be from 0 to 1.',
    expect.stringContaining('There is no stage "nonsense"'),
    "The logit bias names token 600, but the vocabulary's tokens are 0 to 511.",
    expect.stringContaining('The logit bias of token 1 is Infinity'),
    expect.stringContaining('A DRY breaker is empty'),
  ]);
});
