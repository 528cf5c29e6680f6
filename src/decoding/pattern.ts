/**
 * Regular expressions that come from outside, also in a link. One such as `^(\w+\s?)+$` may take longer on a short text than
 * anybody waits, and nothing in its own thread can end it: who runs a decoding brings a way to match that can be ended.
 */
import { SamplingError } from '../sampling/errors.ts';

export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** The whole match and then its groups; null where there is none. */
export type PatternMatch = readonly (string | undefined)[] | null;

/** Matches where a match can be ended. @throws SamplingError `slowPattern` for one that took longer than `PATTERN_LIMIT` */
export type MatchPattern = (pattern: Pattern, text: string) => Promise<PatternMatch>;

/** Milliseconds for one match. */
export const PATTERN_LIMIT = 250;

/** Longest part of a pattern that a message quotes. */
const QUOTED = 80;

function quoted(source: string): string {
  return `"${source.length > QUOTED ? `${source.slice(0, QUOTED)}…` : source}"`;
}

/** @throws SamplingError `bad-parameter` for what is no regular expression */
export function readPattern(source: string, flags = ''): Pattern {
  // A match is one text's own: it neither begins where the last one ended nor looks for more than one.
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
