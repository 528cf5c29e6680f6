/**
 * Regular expressions from outside, which may come in a link. One such as `^(\w+\s?)+$` can take practically for ever on a short
 * text, and nothing in its own thread can stop it. The caller of a decoding therefore provides a matcher that can be stopped.
 */
import { SamplingError } from '../sampling/errors.ts';

export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** The whole match and then its groups; null if there is no match. */
export type PatternMatch = readonly (string | undefined)[] | null;

/** Matches where a match can be stopped. @throws SamplingError `slowPattern` for one that took longer than `PATTERN_LIMIT` */
export type MatchPattern = (pattern: Pattern, text: string) => Promise<PatternMatch>;

/** Milliseconds for one match. */
export const PATTERN_LIMIT = 250;

/** Maximum length of a pattern in a message. */
const QUOTED = 80;

function quoted(source: string): string {
  return `"${source.length > QUOTED ? `${source.slice(0, QUOTED)}…` : source}"`;
}

/** @throws SamplingError `bad-parameter` for an invalid regular expression */
export function readPattern(source: string, flags = ''): Pattern {
  // Each match stands alone: it must not begin where the last one ended (y), nor look for more than one (g).
  const pattern = { source, flags: flags.replaceAll(/[gy]/g, '') };
  try {
    new RegExp(pattern.source, pattern.flags);
  } catch (error) {
    throw new SamplingError(
      'bad-parameter',
      `The regular expression ${quoted(source)} cannot be read (${error instanceof Error ? error.message : String(error)}); correct it.`,
    );
  }
  return pattern;
}

export function slowPattern({ source }: Pattern, text: string): SamplingError {
  return new SamplingError(
    'bad-parameter',
    `The regular expression ${quoted(source)} took longer than ${PATTERN_LIMIT} ms on a text of ${text.length} characters, so it was stopped; write it without a repetition inside another, as in "(a+)+".`,
  );
}
