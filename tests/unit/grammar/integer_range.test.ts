import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangeText } from '../../../src/decoding/grammar/integer_range.ts';

/** The EBNF of a range has only literals, digits, groups and repetitions, so it reads as a regular expression too. */
function asRegExp(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[" ]/g, '')}$`);
}

test('matches the numbers between two bounds, and no others', () => {
  const number = fc.oneof(fc.integer({ min: -1500, max: 1500 }), fc.maxSafeInteger());
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [least, most] = a < b ? [a, b] : [b, a];
      const pattern = asRegExp(rangeText(least, most));
      const tried = [least - 1, least, least + 1, most - 1, most, most + 1, 0, -1, 1, 9, 10, 99, 100, -100];
      for (const each of tried) {
        if (Number.isSafeInteger(each))
          expect(pattern.test(String(each))).toBe(each >= least && each <= most);
      }
      expect(pattern.test('')).toBe(false);
      expect(pattern.test('-0') || pattern.test('01')).toBe(false);
    }),
  );
});
