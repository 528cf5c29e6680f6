/** Sums up a duel in a few figures. */
import type { TextDistances } from '../../worker/texts/distances.ts';
import { tokenAt, type PageText } from '../texts/text.ts';

export interface Agreement {
  readonly positions: number;
  /** Nats. */
  readonly meanKl: number;
  readonly worstKl: number;
  /** Output index of the largest KL divergence. */
  readonly worstAt: number;
  /** Positions at which both have the same most likely token. */
  readonly sameTop: number;
}

/** @returns null for a text without output */
export function agreementOf({ kl, firstTop, secondTop }: TextDistances): Agreement | null {
  if (kl.length === 0) return null;
  const worstKl = Math.max(...kl);
  return {
    positions: kl.length,
    meanKl: kl.reduce((sum, value) => sum + value, 0) / kl.length,
    worstKl,
    worstAt: kl.indexOf(worstKl),
    sameTop: firstTop.filter((token, i) => token === secondTop[i]).length,
  };
}

/** The first output index at which two texts over one vocabulary differ, or null. The end of the shorter text counts. */
export function firstParting(first: PageText, second: PageText): number | null {
  const outputs = (text: PageText): number => text.length - text.promptLength;
  const longest = Math.max(outputs(first), outputs(second));
  for (let output = 0; output < longest; output++) {
    const a = tokenAt(first, first.promptLength + output)?.token;
    const b = tokenAt(second, second.promptLength + output)?.token;
    if (a !== b) return output;
  }
  return null;
}
