/**
 * Reads regular expressions and writes them in XGrammar's EBNF. An expression must match the whole output, so anchors are allowed
 * only at its ends. A dot is any character but a line end. `\d \w \s` and their opposites cover only ASCII.
 */
import {
  classText,
  lineEnds,
  literalText,
  namedClasses,
  type Range,
  readClass,
  readEscape,
  ReadingProblem,
} from './character_class.ts';
import { Expansion, mostLetters, repetitionAt } from './expansion.ts';

/** `sign`: a parenthesis, a bar, or a quantifier as written in the source. */
export type RegexPart =
  | {
      readonly kind: 'class';
      readonly ranges: readonly Range[];
      readonly negated: boolean;
      readonly at: number;
    }
  | { readonly kind: 'literal'; readonly letter: number; readonly at: number }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'sign'; readonly text: string };

/** @throws ReadingProblem */
export function regexText(source: string): string {
  const words = regexParts(source).map((part) => {
    switch (part.kind) {
      case 'class':
        return classText(part.ranges, part.negated, part.at);
      case 'literal':
        return literalText(part.letter);
      case 'nothing':
        return '""';
      case 'sign':
        return part.text;
    }
  });
  return `root ::= ${words.join(' ')}`.replaceAll(/ ([*+?{])/g, '$1');
}

/** @throws ReadingProblem */
export function regexParts(source: string): RegexPart[] {
  const expansion = new Expansion();
  const out: RegexPart[] = [];
  let depth = 0;
  /** This alternative has no element yet. */
  let empty = true;
  /** The last element may be repeated. */
  let repeatable = false;
  const sign = (text: string): void => void out.push({ kind: 'sign', text });
  const element = (part: RegexPart): void => {
    out.push(part);
    expansion.atom();
    empty = false;
    repeatable = true;
  };
  const finish = (): void => {
    if (empty) out.push({ kind: 'nothing' });
  };
  const quantifier = (text: string, times: number, at: number): void => {
    if (!repeatable) throw new ReadingProblem('there is nothing to repeat', at);
    sign(text);
    expansion.repeat(times);
    repeatable = false;
    if (expansion.tooMuch) {
      throw new ReadingProblem(`its repetitions come to more than ${mostLetters} characters`, at);
    }
  };
  let at = 0;
  while (at < source.length) {
    const start = at;
    const letter = source[at]!;
    at++;
    if (letter === '\\') {
      const named = namedClasses[source[at] ?? ''];
      if (named) {
        element({ kind: 'class', ...named, at: start });
        at++;
      } else if (/[bBpPk]/.test(source[at] ?? '')) {
        throw new ReadingProblem(`\\${source[at]} is not supported`, start);
      } else {
        const escape = readEscape(source, start);
        element({ kind: 'literal', letter: escape.letter, at: start });
        at = escape.end;
      }
    } else if (letter === '[') {
      const { ranges, negated, end } = readClass(source, start);
      element({ kind: 'class', ranges, negated, at: start });
      at = end;
    } else if (letter === '.') {
      element({ kind: 'class', ranges: lineEnds, negated: true, at: start });
    } else if (letter === '(') {
      const head = /^\?(?::|<[A-Za-z_$][\w$]*>)/.exec(source.slice(at, at + 60));
      if (source[at] === '?' && !head) throw new ReadingProblem('this kind of group is not supported', start);
      at += head?.[0].length ?? 0;
      sign('(');
      expansion.open();
      depth++;
      empty = true;
      repeatable = false;
    } else if (letter === ')') {
      if (depth-- === 0) throw new ReadingProblem('a parenthesis closes what was not opened', start);
      finish();
      sign(')');
      expansion.close();
      empty = false;
      repeatable = true;
    } else if (letter === '|') {
      finish();
      sign('|');
      empty = true;
      repeatable = false;
    } else if (letter === '*' || letter === '+' || letter === '?') {
      quantifier(letter, 1, start);
      // Lazy or greedy matters only for a search; here every match counts.
      if (source[at] === '?') at++;
    } else if (letter === '{') {
      const repetition = repetitionAt(source, start);
      if (!repetition) throw new ReadingProblem('a brace begins no repetition such as {2} or {1,3}', start);
      const { text, least, most } = repetition;
      if (most !== null && most < least)
        throw new ReadingProblem('a repetition ends before it begins', start);
      quantifier(text, Math.max(least, most ?? 0), start);
      at = start + repetition.text.length;
      if (source[at] === '?') at++;
    } else if (letter === '^' || letter === '$') {
      if (start !== (letter === '^' ? 0 : source.length - 1)) {
        throw new ReadingProblem(
          `${letter} stands within; the whole output must match, so leave it out`,
          start,
        );
      }
    } else {
      const point = source.codePointAt(start)!;
      if (point > 0xffff) at++;
      element({ kind: 'literal', letter: point, at: start });
    }
  }
  if (depth > 0) throw new ReadingProblem('the parenthesis is not closed', source.length);
  finish();
  return withoutEmptyGroups(out);
}

/** Drops groups that match only the empty text, with their quantifiers: XGrammar 0.1.27 confuses states around an empty rule. */
function withoutEmptyGroups(parts: readonly RegexPart[]): RegexPart[] {
  const out: RegexPart[] = [];
  /** Where each open group begins in `out`. */
  const open: number[] = [];
  let dropped = false;
  for (const part of parts) {
    const sign = part.kind === 'sign' ? part.text : '';
    if (dropped && /^[*+?{]/.test(sign)) continue;
    dropped = false;
    if (sign === '(') open.push(out.length);
    out.push(part);
    if (sign !== ')') continue;
    const begin = open.pop()!;
    const group = out.slice(begin + 1, -1);
    if (!group.every((each) => each.kind === 'nothing' || (each.kind === 'sign' && each.text === '|')))
      continue;
    out.splice(begin, out.length - begin, { kind: 'nothing' });
    dropped = true;
  }
  return out;
}
