/** What Run would make of a text that stands, as the settings are now: everything that decides a text counts. */
import type { StopConditions } from '../decoding/events.ts';
import { allTokens, drawnBy, type Line } from './texts/line.ts';

export type Verdict =
  /** Another token at this output index. */
  | { readonly kind: 'parts'; readonly output: number }
  /** The same tokens up to an earlier end: a stop sequence, or Max where that is null. */
  | { readonly kind: 'ends'; readonly stop: string | null }
  /** The same tokens, and more after them. */
  | { readonly kind: 'goes-on' }
  | { readonly kind: 'same'; readonly byHand: boolean };

/**
 * @param firstDivergence where the chain would draw another token, by output index; null for nowhere
 * @param stop as the settings have it
 */
export function verdictOn(line: Line, firstDivergence: number | null, stop: StopConditions): Verdict {
  const outputs = line.length - line.promptLength;
  const cut = cutBy(line, stop.sequences);
  const end = Math.min(cut?.outputs ?? Infinity, stop.maxTokens);
  if (firstDivergence !== null && firstDivergence < end) return { kind: 'parts', output: firstDivergence };
  if (end < outputs) return { kind: 'ends', stop: cut?.outputs === end ? cut.stop : null };
  const cutThen =
    line.reason === 'max-tokens' || line.reason === 'stopped' || line.reason === 'stop-sequence';
  if (cutThen && end > outputs) return { kind: 'goes-on' };
  return { kind: 'same', byHand: (line.byHand?.length ?? 0) > 0 };
}

/** Whether the end of a text was decided by sampling under these conditions; a text from a record does not say. */
export function endedUnder(line: Line, { maxTokens, sequences }: StopConditions): boolean {
  const { stop } = line;
  if (!stop || drawnBy(line).some(({ strategy }) => strategy !== 'sample')) return true;
  return stop.maxTokens === maxTokens && stop.sequences.join('\0') === sequences.join('\0');
}

/** The first stop sequence to stand in the output, and after how many tokens it does. */
function cutBy(line: Line, sequences: readonly string[]): { outputs: number; stop: string } | null {
  if (sequences.length === 0) return null;
  const longest = Math.max(...sequences.map(({ length }) => length));
  let text = '';
  for (const [output, { piece, kind }] of allTokens(line).slice(line.promptLength).entries()) {
    if (kind === 'control') continue;
    const from = Math.max(0, text.length - longest);
    text += piece;
    const stop = sequences.find((wanted) => text.includes(wanted, from));
    if (stop !== undefined) return { outputs: output + 1, stop };
  }
  return null;
}
