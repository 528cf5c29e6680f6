import type { StopReason } from '../../decoding/events.ts';
import { activeGrammar, type SamplingParams } from '../../sampling/params.ts';

/** Why a text ended, in the page's words. */
export const stopReasons: Readonly<Record<StopReason, string>> = {
  'end-of-generation': 'ended with its end token',
  'max-tokens': 'ended at the token limit',
  'stop-sequence': 'ended by a stop sequence',
  'context-full': 'ended because the context is full',
  stopped: 'stopped',
  'lost-race': 'another was valid first',
  pruned: 'pruned',
  error: 'ended by an error',
};

/** The same for a column of a table. */
export const shortReasons: Readonly<Record<StopReason, string>> = {
  'end-of-generation': 'end token',
  'max-tokens': 'token limit',
  'stop-sequence': 'stop sequence',
  'context-full': 'context full',
  stopped: 'stopped',
  'lost-race': 'lost the race',
  pruned: 'pruned',
  error: 'error',
};

/**
 * Adds what a cut means for a text under a grammar: only the end token completes such a text.
 * @param endLabel of the end token, if it is known
 */
export function endWords(reason: StopReason, params: SamplingParams, endLabel?: string): string {
  const words = endLabel === undefined ? stopReasons[reason] : `ended with ${endLabel}`;
  const cut: readonly StopReason[] = ['max-tokens', 'stop-sequence', 'context-full', 'stopped'];
  return activeGrammar(params) && cut.includes(reason)
    ? `${words}, before the end of its grammar: not complete`
    : words;
}
