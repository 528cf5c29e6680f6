/**
 * Whole numbers between two bounds. XGrammar 0.1.27 gets such ranges wrong (it allows 1119 for 1001 to 1100). So the schema gets a
 * placeholder word in place of the range, and the resulting grammar gets the digits in place of the word.
 */

/** A JSON value that stands for the numbers from `least` to `most` until `withDigits` replaces it. */
export function integerWord(least: number, most: number): string {
  return `::integers from ${least} to ${most}::`;
}

/** @param grammar XGrammar's EBNF, with words in string literals */
export function withDigits(grammar: string): string {
  return grammar.replaceAll(
    /"\\"::integers from (-?\d+) to (-?\d+)::\\""/g,
    (_, least: string, most: string) => rangeText(Number(least), Number(most)),
  );
}

/** EBNF of the numbers from `least` to `most`, safe integers, in decimal without leading zeros. */
export function rangeText(least: number, most: number): string {
  const parts: string[] = [];
  if (least < 0) parts.push(`"-" ${positive(Math.max(1, -most), -least)}`);
  if (least <= 0 && most >= 0) parts.push('"0"');
  if (most > 0) parts.push(positive(Math.max(1, least), most));
  return `(${parts.join(' | ')})`;
}

/** 1 ≤ least ≤ most. */
function positive(least: number, most: number): string {
  const parts: string[] = [];
  for (let length = String(least).length; length <= String(most).length; length++) {
    const from = Math.max(least, 10 ** (length - 1));
    const to = Math.min(most, 10 ** length - 1);
    parts.push(between(String(from), String(to)));
  }
  return `(${parts.join(' | ')})`;
}

/** Numbers between two bounds with the same number of digits. */
function between(least: string, most: string): string {
  if (least === '') return '';
  // This case also keeps the two halves below from growing without end.
  if (/^0+$/.test(least) && /^9+$/.test(most)) return `[0-9]{${least.length}}`;
  const [a, b] = [Number(least[0]), Number(most[0])];
  const [low, high] = [least.slice(1), most.slice(1)];
  if (a === b) return joined(`"${a}"`, between(low, high));
  const middle = digits(a + 1, b - 1, low.length);
  const parts = [
    joined(`"${a}"`, between(low, '9'.repeat(low.length))),
    ...(middle === null ? [] : [middle]),
    joined(`"${b}"`, between('0'.repeat(high.length), high)),
  ];
  return `(${parts.join(' | ')})`;
}

/** A first digit in a range, then `following` digits of any value. */
function digits(first: number, last: number, following: number): string | null {
  if (first > last) return null;
  return joined(`[${first}-${last}]`, following === 0 ? '' : `[0-9]{${following}}`);
}

function joined(first: string, rest: string): string {
  return rest === '' ? first : `${first} ${rest}`;
}
