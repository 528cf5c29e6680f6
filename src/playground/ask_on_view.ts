/**
 * Questions about the step or text on view. Only the newest one is asked, and its answer is shown only if its place is still
 * on view. Everything that inspects, scores, searches or re-derives asks through this.
 */
import { latestOnly } from './latest_only.ts';
import { notifyFailure } from './notices.ts';
import { playground } from './state.svelte.ts';

/** Charts follow a streaming text about eight times a second; a person's own moves are answered at once. */
const streamingPauseMs = 120;

interface Asking<Q, A> {
  readonly ask: (question: Q) => Promise<A>;
  /** Whether the question's place is still on view. */
  readonly stands: (question: Q) => boolean;
  /** The answer is null if the question failed; a notice then says why. */
  readonly show: (answer: A | null, question: Q) => void;
  /** Whether the place moves with the streaming text. */
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
