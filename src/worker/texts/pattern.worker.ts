/** Matches patterns, which may hang, in a thread that can be ended. */
import type { Pattern, PatternMatch } from '../../decoding/pattern.ts';

export interface PatternQuestion {
  readonly pattern: Pattern;
  readonly text: string;
}

export type PatternReply =
  { readonly type: 'begun' } | { readonly type: 'found'; readonly match: PatternMatch };

const reply = (message: PatternReply): void => self.postMessage(message);

self.addEventListener('message', ({ data: { pattern, text } }: MessageEvent<PatternQuestion>) => {
  // The time limit counts from here, without the start of this worker.
  reply({ type: 'begun' });
  const found = new RegExp(pattern.source, pattern.flags).exec(text);
  reply({ type: 'found', match: found && [...found] });
});
