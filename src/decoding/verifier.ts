/** Judges a finished output: is it valid, and what is its answer? Regular expressions come from the user. */
import { SamplingError } from '../sampling/errors.ts';
import type { AnswerExtractor, Verifier } from './events.ts';

function compile(pattern: string, flags: string | undefined): RegExp {
  try {
    return new RegExp(pattern, (flags ?? '').replaceAll(/[gy]/g, ''));
  } catch (error) {
    throw new SamplingError(
      'bad-parameter',
      `The regular expression "${pattern}" cannot be read (${error instanceof Error ? error.message : String(error)}); correct it.`,
    );
  }
}

/** @throws SamplingError `bad-parameter` for a pattern that is no regular expression */
export function buildVerifier(verifier: Verifier): (text: string) => boolean {
  switch (verifier.kind) {
    case 'regex': {
      const pattern = compile(verifier.pattern, verifier.flags);
      return (text) => pattern.test(text);
    }
    case 'json':
      return isJson;
    case 'length': {
      const { min = 0, max = Infinity } = verifier;
      return (text) => text.length >= min && text.length <= max;
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
 * @returns takes the answer out of a text, or null where there is none
 * @throws SamplingError `bad-parameter`
 */
export function buildExtractor(extractor: AnswerExtractor): (text: string) => string | null {
  switch (extractor.kind) {
    case 'last-number':
      return lastNumber;
    case 'regex': {
      const pattern = compile(extractor.pattern, extractor.flags);
      return (text) => {
        const match = pattern.exec(text);
        return match === null ? null : (match[1] ?? match[0]);
      };
    }
    case 'whole-text':
      return (text) => text.trim().replaceAll(/\s+/g, ' ').toLowerCase() || null;
  }
}

/** 1,234.50 and 1234.5 are one answer; numbers too long for a double keep all their digits. */
function lastNumber(text: string): string | null {
  const found = text
    .match(/-?\d+(?:,\d{3})*(?:\.\d+)?/g)
    ?.at(-1)
    ?.replaceAll(',', '');
  if (found === undefined) return null;
  return found.length <= 15 ? String(Number(found)) : found;
}
