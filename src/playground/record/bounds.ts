/** Bounds on what a run from outside may hold, one per quantity, for every format. What the page writes keeps within them. */
import * as v from 'valibot';

/** As many texts as the page keeps. */
export const maxTexts = 64;
/** Tokens of one text: the longest context of the models that a browser runs. */
export const maxTokens = 131_072;
/** Candidates of one step: as many as any server gives, and more than the page lists. */
export const maxTop = 100;
/** Characters of a token's text or label. On a server the whole prompt is one token, so this is also the bound of a prompt. */
const maxTokenText = 1_000_000;
/** Characters of the name of a text, a model or an adapter. */
const maxName = 1_000;
/**
 * Nats. Real logprobs are far below it, but a bias of a million over a tiny temperature reaches it. A link packs thousandths of a
 * nat into the six bytes of a column.
 */
const maxLogprob = 1e9;

/** A place in a list, or a token id. */
export const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
/** Bytes, tokens or characters. */
export const size = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
export const list = <T extends v.GenericSchema>(item: T, most: number) =>
  v.pipe(v.array(item), v.maxLength(most), v.readonly());

/** UTF-8 takes at most three bytes for each UTF-16 unit. */
export const maxTokenBytes = 3 * maxTokenText;

export const tokenText = v.pipe(v.string(), v.maxLength(maxTokenText));
export const name = v.pipe(v.string(), v.maxLength(maxName));
/** Also an entropy. */
export const logprob = v.pipe(v.number(), v.minValue(-maxLogprob), v.maxValue(maxLogprob));

/** A logprob as records hold it: clamped to the bounds; null for NaN and for the −∞ of a removed candidate. */
export function recordedNats(nats: number): number | null {
  return Number.isFinite(nats) ? Math.min(maxLogprob, Math.max(-maxLogprob, nats)) : null;
}

export function recordedName(text: string): string {
  return text.slice(0, maxName);
}
