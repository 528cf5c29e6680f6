import type { StopReason } from '../../decoding/events.ts';

/** Why a text ended, as the page says it. */
export const stopReasons: Readonly<Record<StopReason, string>> = {
  'end-of-generation': 'ended by its end token',
  'max-tokens': 'ended at the token limit',
  'stop-sequence': 'ended by a stop sequence',
  'context-full': 'ended because the context is full',
  stopped: 'stopped',
  'lost-race': 'another was valid first',
  pruned: 'pruned',
  error: 'ended by an error',
};
