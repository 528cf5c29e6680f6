/**
 * Regular expressions for JSON strings. XGrammar writes the match between quotes unchanged, so only letters that JSON does not
 * escape are allowed. They must be ASCII, because XGrammar's own classes are bytes. A pattern must match the whole string, which
 * allows less than JSON Schema does, and never more.
 */
import { ReadingProblem, type Range } from './character_class.ts';
import { regexParts } from './regex_text.ts';

const month31 = '(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])';
const month30 = '(0[469]|11)-(0[1-9]|[12][0-9]|30)';
const date = `[0-9]{4}-(${month31}|${month30}|02-(0[1-9]|1[0-9]|2[0-8]))`;
const hourMinute = '([01][0-9]|2[0-3]):[0-5][0-9]';
const time = `${hourMinute}:[0-5][0-9](Z|[+\\-]${hourMinute})`;
const part = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const hex = '[0-9a-f]';

/** The formats that can be enforced: RFC 3339 without leap days, leap seconds and fractions, RFC 2673, RFC 9562. */
export const formatPatterns: Readonly<Record<string, string>> = {
  date,
  time,
  'date-time': `${date}T${time}`,
  ipv4: `${part}\\.${part}\\.${part}\\.${part}`,
  uuid: `${hex}{8}-${hex}{4}-${hex}{4}-${hex}{4}-${hex}{12}`,
};

/** Letters that JSON writes as themselves in a string. */
const plain: readonly number[] = Array.from({ length: 0x7f - 0x20 }, (_, index) => 0x20 + index).filter(
  (letter) => letter !== 0x22 && letter !== 0x5c,
);

/**
 * The pattern in XGrammar's dialect of regular expressions.
 * @throws ReadingProblem for a pattern that XGrammar would misread, or that needs letters which JSON escapes
 */
// The group is needed: XGrammar puts one quote before the first alternative and one after the last.
export function jsonPattern(source: string): string {
  const words = regexParts(source).map((each) => {
    switch (each.kind) {
      case 'sign':
        return each.text;
      case 'nothing':
        return '()';
      case 'literal':
        return plainClass([[each.letter, each.letter]], false, each.at);
      case 'class':
        return plainClass(each.ranges, each.negated, each.at);
    }
  });
  // XGrammar puts the quotes before the first alternative and after the last.
  return `(?:${words.join('')})`;
}

function plainClass(ranges: readonly Range[], negated: boolean, at: number): string {
  const named = (letter: number): boolean =>
    ranges.some(([first, last]) => letter >= first && letter <= last);
  const letters = plain.filter((letter) => named(letter) !== negated);
  const all = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (letters.length === 0 || (!negated && letters.length < all)) {
    throw new ReadingProblem(
      'within JSON a pattern may name printable ASCII characters only, without quote and backslash',
      at,
    );
  }
  const hexOf = (letter: number): string => `\\x${letter.toString(16).padStart(2, '0')}`;
  const only = letters.length === 1 ? letters[0]! : null;
  return only === null ? `[${letters.map(hexOf).join('')}]` : hexOf(only);
}
