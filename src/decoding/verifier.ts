/** Judges a finished output: is it valid, and what is its answer? */
import type { AnswerExtractor, Verifier } from './events.ts';
import { type MatchPattern, readPattern } from './pattern.ts';

/** @throws SamplingError `bad-parameter` for an invalid pattern; the returned function throws for a slow one */
export function buildVerifier(verifier: Verifier, match: MatchPattern): (text: string) => Promise<boolean> {
  switch (verifier.kind) {
    case 'regex': {
      const pattern = readPattern(verifier.pattern, verifier.flags);
      return async (text) => (await match(pattern, text)) !== null;
    }
    case 'json':
      return (text) => Promise.resolve(isJson(text));
    case 'length': {
      const { min = 0, max = Infinity } = verifier;
      return (text) => Promise.resolve(text.length >= min && text.length <= max);
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * @returns a function that takes the answer out of a text, or null if there is none
 * @throws SamplingError `bad-parameter` for an invalid pattern; the returned function throws for a slow one
 */
export function buildExtractor(
  extractor: AnswerExtractor,
  match: MatchPattern,
): (text: string) => Promise<string | null> {
  switch (extractor.kind) {
    case 'last-number':
      return (text) => Promise.resolve(lastNumber(text));
    case 'regex': {
      const pattern = readPattern(extractor.pattern, extractor.flags);
      return async (text) => {
        const found = await match(pattern, text);
        if (found === null) return null;
        const answer = found[1] ?? found[0]!;
        return extractor.fold ? folded(answer) : answer;
      };
    }
    case 'whole-text':
      return (text) => Promise.resolve(folded(text) || null);
  }
}

/** The same answer at the start of a sentence, across a line end or in another Unicode form is still the same answer. */
function folded(answer: string): string {
  return answer.normalize('NFC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

/** 1,234.50 and 1234.5 are the same answer; numbers too long for a double keep all their digits. */
function lastNumber(text: string): string | null {
  const found = text
    .match(/-?\d+(?:,\d{3})*(?:\.\d+)?/g)
    ?.at(-1)
    ?.replaceAll(',', '');
  if (found === undefined) return null;
  return found.length <= 15 ? String(Number(found)) : found;
}
