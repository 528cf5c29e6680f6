/** How a new run with the current settings would differ from a text. */
import type { StopConditions } from '../decoding/events.ts';
import { allTokens, drawnBy, type Line } from './texts/line.ts';

export type Verdict =
  /** Another token at this output index. */
  | { readonly kind: 'parts'; readonly output: number }
  /** The same tokens up to an earlier end: at a stop sequence, or at the maximum length if `stop` is null. */
  | { readonly kind: 'ends'; readonly stop: string | null }
  /** The same tokens, and more after them. */
  | { readonly kind: 'goes-on' }
  | { readonly kind: 'same'; readonly byHand: boolean };

/**
 * @param firstDivergence the first output index at which the chain would draw another token, or null
 * @param stop the stop conditions in the settings
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

/** Whether these stop conditions ended the text. True also if its record does not tell, or if sampling did not draw it all. */
export function endedUnder(line: Line, { maxTokens, sequences }: StopConditions): boolean {
  const { stop } = line;
  if (!stop || drawnBy(line).some(({ strategy }) => strategy !== 'sample')) return true;
  return stop.maxTokens === maxTokens && stop.sequences.join('\0') === sequences.join('\0');
}

/** The first stop sequence in the output, and the number of tokens that complete it. */
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
