/** A record's text as this machine computes it. Only the token ids and the settings come from the record. */
import type { StopReason } from '../../decoding/events.ts';
import type { ReplayedText } from '../../worker/api/worker_api.ts';
import { promptNumbers } from '../texts/text.ts';
import type { DocumentText } from './document.ts';
import { candidatesOf, documentToken } from './document_text.ts';

export interface End {
  readonly reason: StopReason;
  /** UTF-16 units of output that are shown. */
  readonly visible: number;
}

/** @param end from `endOf`, or from the run that made the text again */
export function computedText(text: DocumentText, here: ReplayedText, end: End): DocumentText {
  const { promptLength, byHand } = text;
  return {
    ...text,
    ...end,
    // A token that the chain draws anyway does not count as chosen by hand.
    byHand: byHand.filter((output) => here.drawn[output] !== here.texts[promptLength + output]?.token),
    tokens: here.texts.map((text, position) => {
      const output = position - promptLength;
      const numbers = output < 0 ? promptNumbers(here.prompt, position) : here.numbers[output]!;
      return documentToken(text, numbers, candidatesOf(here.top, output));
    }),
  };
}

/** How a single text ended, as far as its tokens tell: a run that met its limit and a stopped run leave the same tokens. */
export function endOf(
  { texts, ended }: ReplayedText,
  promptLength: number,
  limits: { readonly stop: readonly string[]; readonly maxTokens: number; readonly contextLength: number },
): End {
  const pieces = texts.slice(promptLength).map(({ piece }) => piece);
  const output = pieces.join('');
  const before = output.length - (pieces.at(-1)?.length ?? 0);
  const found = limits.stop
    .filter((sequence) => sequence !== '')
    .map((sequence) => output.indexOf(sequence, Math.max(0, before - sequence.length + 1)))
    .filter((at) => at >= 0);
  if (ended) return { reason: 'end-of-generation', visible: output.length };
  if (found.length > 0) return { reason: 'stop-sequence', visible: Math.min(...found) };
  const visible = output.length;
  if (texts.length >= limits.contextLength) return { reason: 'context-full', visible };
  return { reason: pieces.length === limits.maxTokens ? 'max-tokens' : 'stopped', visible };
}
