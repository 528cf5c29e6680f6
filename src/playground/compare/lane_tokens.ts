import { allTokens, type Line } from '../texts/line.ts';

/** Token ids after the prompt. */
export function outputTokens(line: Line): number[] {
  return allTokens(line)
    .slice(line.promptLength)
    .map(({ token }) => token);
}
