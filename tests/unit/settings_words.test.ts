import { expect, test } from 'vitest';
import { settingsWords } from '../../src/playground/settings_words.ts';
import { defaultParams, neutralParams } from '../../src/sampling/parameter_table.ts';

test('names temperature and seed, and everything else that differs from neutral', () => {
  expect(settingsWords(neutralParams())).toEqual(['Temperature 1', 'Seed 42']);
  expect(settingsWords(defaultParams())).toEqual([
    'Temperature 0.8',
    'Top-k 40',
    'Top-p 0.95',
    'Min-p 0.05',
    'Seed 42',
  ]);
});

test('a stage that acts is named with all its numbers', () => {
  const words = settingsWords({ ...neutralParams(), xtcProbability: 0.5 });
  expect(words).toEqual(['Temperature 1', 'XTC probability 0.5', 'XTC threshold 0.1', 'Seed 42']);
});

test('a stage that is switched off, and one that mirostat replaces, change nothing', () => {
  expect(settingsWords({ ...defaultParams(), off: ['top_k', 'min_p'] })).not.toContain('Top-k 40');
  const steered = settingsWords({ ...defaultParams(), mirostat: 2 });
  expect(steered).toContain('Mirostat τ 5');
  expect(steered.join()).not.toMatch(/Top-k|Top-p|Min-p/);
});

test('an unusual order, a grammar and a bias are said in words', () => {
  const { order } = defaultParams();
  const words = settingsWords({
    ...neutralParams(),
    temperature: 0.5,
    topK: 5,
    order: ['temperature', ...order.filter((stage) => stage !== 'temperature')],
    grammar: { kind: 'regex', source: 'a+' },
    logitBias: [{ token: 3, bias: -Infinity }],
  });
  expect(words.at(-1)).toMatch(/^Order: Temperature → .*Top-k$/);
  expect(words).toContain('Grammar: regular expression');
  expect(words).toContain('Logit bias on 1 token');
});

test('what is said elsewhere is left out', () => {
  expect(settingsWords(defaultParams(), new Set(['temperature', 'seed']))).toEqual([
    'Top-k 40',
    'Top-p 0.95',
    'Min-p 0.05',
  ]);
});
