/**
 * Questions about what is on view: the newest one only, and an answer is shown only while its place is on view. Everything that
 * inspects, scores, searches or re-derives asks here.
 */
import { latestOnly } from './latest_only.ts';
import { notifyFailure } from './notices.ts';
import { playground } from './state.svelte.ts';

/** While text streams its charts follow it some eight times a second; a person's own moves are answered at once. */
const streamingPauseMs = 120;

interface Asking<Q, A> {
  readonly ask: (question: Q) => Promise<A>;
  /** Whether what was asked about is still on view. */
  readonly stands: (question: Q) => boolean;
  /** Null where nothing could be found out; a notice has said why. */
  readonly show: (answer: A | null, question: Q) => void;
  /** The place moves with the text that streams. */
  readonly follows?: () => boolean;
}

export function askOnView<Q, A>({ ask, stands, show, follows }: Asking<Q, A>): (question: Q) => void {
  return latestOnly(async (question) => {
    if (!stands(question)) return;
    try {
      const answer = await ask(question);
      if (stands(question)) show(answer, question);
    } catch (error) {
      if (!stands(question)) return;
      show(null, question);
      notifyFailure(error);
    }
    if (follows?.() && playground.run.phase === 'decode') {
      await new Promise((resolve) => setTimeout(resolve, streamingPauseMs));
    }
  });
}
