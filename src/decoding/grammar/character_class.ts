/**
 * Classes such as `[a-zé]`. XGrammar 0.1.27 reads a class with letters beyond ASCII as bytes, so that `[é-ü]` would allow half a
 * character. Such classes are therefore written out as alternatives, letter by letter.
 */

export type Range = readonly [first: number, last: number];

export interface CharacterClass {
  readonly ranges: readonly Range[];
  readonly negated: boolean;
  /** Index after the closing bracket. */
  readonly end: number;
}

/** Reports a place where a class, or the text around it, cannot be read. */
export class ReadingProblem extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** Maximum of letters beyond ASCII that are written out. */
const mostLetters = 512;

const space: readonly Range[] = [
  [9, 13],
  [32, 32],
];
const digit: readonly Range[] = [[48, 57]];
const word: readonly Range[] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];

/** Classes named by a letter. They cover only ASCII. */
export const namedClasses: Readonly<Record<string, { ranges: readonly Range[]; negated: boolean }>> = {
  d: { ranges: digit, negated: false },
  D: { ranges: digit, negated: true },
  w: { ranges: word, negated: false },
  W: { ranges: word, negated: true },
  s: { ranges: space, negated: false },
  S: { ranges: space, negated: true },
};

/** Line ends: a dot does not match them. */
export const lineEnds: readonly Range[] = [
  [10, 10],
  [13, 13],
];

const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, b: 8 };

/** @throws ReadingProblem */
export function readClass(source: string, at: number): CharacterClass {
  const negated = source[at + 1] === '^';
  const ranges: Range[] = [];
  let from = at + (negated ? 2 : 1);
  while (from < source.length && source[from] !== ']') {
    const first = readMember(source, from);
    from = first.end;
    if (typeof first.member !== 'number') {
      ranges.push(...first.member);
      continue;
    }
    let last = first.member;
    if (source[from] === '-' && from + 1 < source.length && source[from + 1] !== ']') {
      const second = readMember(source, from + 1);
      if (typeof second.member !== 'number') {
        throw new ReadingProblem('a range of a class ends in a class', from);
      }
      if (second.member < last) throw new ReadingProblem('a range of a class ends before it begins', from);
      last = second.member;
      from = second.end;
    }
    ranges.push([first.member, last]);
  }
  if (source[from] !== ']') throw new ReadingProblem('a class is not closed', at);
  return { ranges, negated, end: from + 1 };
}

function readMember(source: string, at: number): { member: number | readonly Range[]; end: number } {
  if (source[at] !== '\\') {
    const letter = source.codePointAt(at)!;
    return { member: letter, end: at + (letter > 0xffff ? 2 : 1) };
  }
  const named = namedClasses[source[at + 1] ?? ''];
  if (named?.negated) {
    throw new ReadingProblem(`\\${source[at + 1]} within a class is not supported`, at);
  }
  if (named) return { member: named.ranges, end: at + 2 };
  const { letter, end } = readEscape(source, at);
  return { member: letter, end };
}

/**
 * Reads a backslash and what belongs to it as one letter.
 * @throws ReadingProblem
 */
export function readEscape(source: string, at: number): { letter: number; end: number } {
  const hex = /^\\(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\}|U([\da-f]{8}))/i.exec(
    source.slice(at, at + 12),
  );
  if (hex) return { letter: letterOf(hex.slice(1).find(Boolean)!, at), end: at + hex[0].length };
  const next = source.codePointAt(at + 1);
  if (next === undefined) throw new ReadingProblem('a backslash stands at the end', at);
  const name = String.fromCodePoint(next);
  if (name === 'c' && /[a-z]/i.test(source[at + 2] ?? '')) {
    return { letter: source.charCodeAt(at + 2) & 31, end: at + 3 };
  }
  if (/[1-9]/.test(name)) throw new ReadingProblem('a back reference is not supported', at);
  if (name === '0') throw new ReadingProblem('a zero character cannot be written by a model', at);
  return { letter: controls[name] ?? next, end: at + 1 + name.length };
}

function letterOf(digits: string, at: number): number {
  const letter = parseInt(digits, 16);
  if (letter > 0x10ffff || (letter >= 0xd800 && letter <= 0xdfff)) {
    throw new ReadingProblem(`${digits} is the number of no character`, at);
  }
  return letter;
}

/**
 * The class in XGrammar's EBNF, as one element.
 * @param at its position in the source, for the message
 * @throws ReadingProblem for a class that XGrammar would misread
 */
export function classText(ranges: readonly Range[], negated: boolean, at: number): string {
  const ascii = ranges
    .filter(([first]) => first < 0x80)
    .map(([first, last]): Range => [Math.max(1, first), Math.min(last, 0x7f)]);
  const beyond = ranges
    .filter(([, last]) => last >= 0x80)
    .map(([first, last]): Range => [Math.max(0x80, first), last]);
  const members = ascii.map(([first, last]) => `${byteText(first)}-${byteText(last)}`).join('');
  if (negated) {
    if (beyond.length > 0) {
      throw new ReadingProblem('a class that excludes may name ASCII characters only', at);
    }
    return `[^\\x00-\\x00${members}]`;
  }
  const letters = beyond.flatMap(([first, last]) => {
    if (last - first >= mostLetters) throw tooMany(at);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  if (letters.length > mostLetters) throw tooMany(at);
  if (members === '' && letters.length === 0) throw new ReadingProblem('an empty class matches nothing', at);
  const alternatives = [...(members === '' ? [] : [`[${members}]`]), ...letters.map(literalText)];
  return alternatives.length === 1 ? alternatives[0]! : `(${alternatives.join(' | ')})`;
}

function tooMany(at: number): ReadingProblem {
  return new ReadingProblem(
    `a class names more than ${mostLetters} characters beyond ASCII; exclude what must not come, as in [^a-z]`,
    at,
  );
}

function byteText(letter: number): string {
  return `\\x${letter.toString(16).padStart(2, '0')}`;
}

/** One letter as a string of XGrammar's EBNF. */
export function literalText(letter: number): string {
  return `"\\U${letter.toString(16).padStart(8, '0')}"`;
}
