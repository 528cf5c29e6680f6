/** One run of the worker. Its events reach the texts once per frame, and each text has a reason when the run is over. */
import type { RunResult } from '../../decoding/events.ts';
import type { TextEvent, RunRequest, SlotNumber } from '../../worker/api/worker_api.ts';
import { worker } from '../connection.ts';
import { playground } from '../state.svelte.ts';
import { frameQueue } from './frame_queue.ts';
import { nowHeld } from './held_texts.ts';
import { holdForRun } from './launch.ts';
import { withEvent } from './text.ts';
import { texts } from './store.svelte.ts';

type EventOf<T extends TextEvent['type']> = Extract<TextEvent, { type: T }>;

interface RunOptions {
  /** Whose engine runs it; default: the page's own. */
  readonly slot?: SlotNumber;
  /** Adds a text that the strategy begins to its view. */
  readonly onBranch?: (event: EventOf<'branch'>) => void;
  readonly onUsage?: (event: EventOf<'usage'>) => void;
}

/**
 * The caller has put the texts of `request` into the store.
 * @throws what the worker throws, after the texts have ended
 */
export async function runTexts(
  request: RunRequest,
  { slot, onBranch, onUsage }: RunOptions = {},
): Promise<RunResult> {
  const ids = request.lanes.map(({ text }) => text);
  const events = frameQueue<TextEvent>((batch) => {
    let tokens = 0;
    for (const event of batch) {
      if (event.type === 'prefill') playground.prefilled(event);
      else if (event.type === 'usage') onUsage?.(event);
      else if (event.type === 'branch') {
        ids.push(event.text);
        onBranch?.(event);
      } else {
        const about = event.type === 'prompt-scores' ? ids : [event.text];
        for (const id of about) texts.change(id, (text) => withEvent(text, event));
        if (event.type === 'steps') tokens += event.steps.length;
      }
    }
    if (tokens > 0) playground.decoded(tokens);
  });
  const over = (reason: 'error' | 'stopped'): void => {
    events.flush();
    texts.end(ids, reason);
  };
  holdForRun(ids);
  playground.prefilled({ done: 0, total: request.prompt.length });
  try {
    const result = await worker(slot).run(request, (batch) => events.push(batch));
    over(result.error ? 'error' : 'stopped');
    nowHeld(ids);
    return result;
  } catch (error) {
    over('error');
    throw error;
  }
}
