import { expect, test } from 'vitest';
import {
  bytes,
  count,
  decimal,
  duration,
  figure,
  percent,
  placeOf,
  powerOfTen,
  rowName,
  tokensOfRun,
  visible,
} from '../../src/ui/format.ts';
import { missedWords } from '../../src/ui/panels/inspector/missed_words.ts';

test.each([
  [0, '0 %'],
  [1, '100 %'],
  [0.9999, '99.99 %'],
  [0.5, '50 %'],
  [0.12345, '12.3 %'],
  [0.000412, '0.0412 %'],
  [0.99999, '> 99.99 %'],
  [0.0000244, '0.00244 %'],
  [1.6e-7, '1.6×10⁻⁵ %'],
  [1e-9, '1×10⁻⁷ %'],
  [NaN, '–'],
])('percent(%d) is %s', (p, text) => expect(percent(p)).toBe(text));

test.each([
  [-1.23456, '−1.235'],
  [0, '0.000'],
  [-Infinity, '−∞'],
  [NaN, '–'],
])('decimal(%d) is %s', (value, text) => expect(decimal(value)).toBe(text));

test.each([
  [0, '0'],
  [12.345, '12.3'],
  [-0.0412, '−0.0412'],
  [0.00016, '1.6×10⁻⁴'],
  [2.5e12, '2.5×10¹²'],
  [-Infinity, '−∞'],
])('figure(%d) is %s', (value, text) => expect(figure(value)).toBe(text));

test('what a token missed is written as every other number', () => {
  expect(missedWords({ quantity: 'probability', value: 1.6e-7, bound: 0.00425 })).toBe(
    'p 1.6×10⁻⁷, cut at 0.00425',
  );
  expect(missedWords({ quantity: 'logit', value: -3, bound: -1.5 })).toBe('1.5 below −1.5 in logit');
});

test('powers of ten, places and names of rows', () => {
  expect(powerOfTen(-10)).toBe('10⁻¹⁰');
  expect([placeOf(0, 2), placeOf(1, 2), placeOf(2, 2)]).toEqual([
    'prompt token 1',
    'prompt token 2',
    'output token 1',
  ]);
  expect(rowName(' abcdef', 5)).toBe('␣abc…');
  expect(rowName(' abc', 5)).toBe('␣abc');
});

test('formats counts, bytes and durations', () => {
  expect(count(151936)).toBe('151\u202f936');
  expect(bytes(999)).toBe('999 B');
  expect(bytes(6_655_520)).toBe('6.66 MB');
  expect(duration(12.345)).toBe('12.3 ms');
  expect(duration(61_500)).toBe('61.5 s');
});

test('makes invisible characters visible, and leaves all others unchanged', () => {
  expect(visible(' a\n\tb\u0000\u200f')).toBe('␣a↵⇥b⟨0000⟩⟨200F⟩');
  expect(visible('naïve 👩‍👧')).toBe('naïve␣👩⟨200D⟩👧');
  expect(visible('<b>')).toBe('<b>');
});

test.each([
  [1, 1, '1 token'],
  [4, 4, '4 tokens'],
  [5, 5, '5 tokens at 50.0 tok/s'],
  // One step of sixteen lanes gives many tokens, but it is not a measurement of speed.
  [16, 1, '16 tokens'],
])('%d tokens in %d steps read "%s"', (tokens, steps, said) => {
  const timing = { promptTokens: 5, reusedTokens: 0, prefillMs: 1, samplingMs: 0 };
  expect(tokensOfRun({ ...timing, tokens, steps, decodeMs: 100 }).replaceAll(/\s/g, ' ')).toBe(said);
});
