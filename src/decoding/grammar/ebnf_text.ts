import { classText, readClass, ReadingProblem } from './character_class.ts';
import { Expansion, mostLetters, repetitionAt } from './expansion.ts';

/**
 * Rewrites EBNF so that XGrammar reads it safely: classes with letters beyond ASCII are written out.
 * @throws ReadingProblem for repetitions that would take minutes, or classes that it would misread
 */
export function ebnfText(source: string): string {
  const expansion = new Expansion();
  let out = '';
  let at = 0;
  while (at < source.length) {
    const start = at;
    const sign = source[at]!;
    if (sign === '#') {
      const end = source.indexOf('\n', at);
      at = end < 0 ? source.length : end;
    } else if (sign === '"') {
      at = after(source, '"', at + 1);
      expansion.atom();
    } else if (sign === '[') {
      const { ranges, negated, end } = readClass(source, at);
      at = end;
      expansion.atom();
      if (ranges.some(([, last]) => last >= 0x80)) {
        out += classText(ranges, negated, start);
        continue;
      }
    } else if (sign === '(') {
      at++;
      expansion.open();
    } else if (sign === ')') {
      at++;
      expansion.close();
    } else if (sign === '{') {
      const repetition = repetitionAt(source, at);
      at += repetition?.text.length ?? 1;
      expansion.repeat(Math.max(repetition?.least ?? 1, repetition?.most ?? 1));
      if (expansion.tooMuch) {
        throw new ReadingProblem(`its repetitions come to more than ${mostLetters} characters`, start);
      }
    } else if (/[\w-]/.test(sign)) {
      at += /^[\w-]+/.exec(source.slice(at))![0].length;
      expansion.atom();
    } else {
      at++;
    }
    out += source.slice(start, at);
  }
  return out;
}

/** The index after the first such letter without a backslash before it, or the end of the source. */
function after(source: string, letter: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === letter) return at + 1;
  }
  return source.length;
}
