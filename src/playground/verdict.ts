/** How a new run with the current settings would differ from a text. */
import type { StopConditions } from '../decoding/events.ts';
import { allTokens, drawnBy, type PageText } from './texts/text.ts';

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
export function verdictOn(text: PageText, firstDivergence: number | null, stop: StopConditions): Verdict {
  const outputs = text.length - text.promptLength;
  const cut = cutBy(text, stop.sequences);
  const end = Math.min(cut?.outputs ?? Infinity, stop.maxTokens);
  if (firstDivergence !== null && firstDivergence < end) return { kind: 'parts', output: firstDivergence };
  if (end < outputs) return { kind: 'ends', stop: cut?.outputs === end ? cut.stop : null };
  const cutThen =
    text.reason === 'max-tokens' || text.reason === 'stopped' || text.reason === 'stop-sequence';
  if (cutThen && end > outputs) return { kind: 'goes-on' };
  return { kind: 'same', byHand: (text.byHand?.length ?? 0) > 0 };
}

/** Whether these stop conditions ended the text. True also if its record does not tell, or if sampling did not draw it all. */
export function endedUnder(text: PageText, { maxTokens, sequences }: StopConditions): boolean {
  const { stop } = text;
  if (!stop || drawnBy(text).some(({ strategy }) => strategy !== 'sample')) return true;
  return stop.maxTokens === maxTokens && stop.sequences.join('\0') === sequences.join('\0');
}

/** The first stop sequence in the output, and the number of tokens that complete it. */
function cutBy(text: PageText, sequences: readonly string[]): { outputs: number; stop: string } | null {
  if (sequences.length === 0) return null;
  const longest = Math.max(...sequences.map(({ length }) => length));
  let output = '';
  for (const [index, { piece, kind }] of allTokens(text).slice(text.promptLength).entries()) {
    if (kind === 'control') continue;
    const from = Math.max(0, output.length - longest);
    output += piece;
    const stop = sequences.find((wanted) => output.includes(wanted, from));
    if (stop !== undefined) return { outputs: index + 1, stop };
  }
  return null;
}
