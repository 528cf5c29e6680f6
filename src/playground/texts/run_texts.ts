/** One run of the worker: what it streams reaches its texts once per frame, and when it is over each of them has an end. */
import type { RunResult } from '../../decoding/events.ts';
import type { LineEvent, RunRequest, SlotNumber } from '../../worker/api/worker_api.ts';
import { worker } from '../connection.ts';
import { playground } from '../state.svelte.ts';
import { frameQueue } from './frame_queue.ts';
import { nowHeld } from './held_texts.ts';
import { holdForRun } from './launch.ts';
import { withEvent } from './line.ts';
import { texts } from './store.svelte.ts';

type EventOf<T extends LineEvent['type']> = Extract<LineEvent, { type: T }>;

interface RunOptions {
  /** Whose engine runs it; default: the page's own. */
  readonly slot?: SlotNumber;
  /** Puts a text that the strategy begins into its view. */
  readonly onBranch?: (event: EventOf<'branch'>) => void;
  readonly onUsage?: (event: EventOf<'usage'>) => void;
}

/**
 * The texts of `request` are in the store before it is called.
 * @throws what the worker throws; the texts have ended by then
 */
export async function runTexts(
  request: RunRequest,
  { slot, onBranch, onUsage }: RunOptions = {},
): Promise<RunResult> {
  const ids = request.lanes.map(({ line }) => line);
  const events = frameQueue<LineEvent>((batch) => {
    let tokens = 0;
    for (const event of batch) {
      if (event.type === 'prefill') playground.prefilled(event);
      else if (event.type === 'usage') onUsage?.(event);
      else if (event.type === 'branch') {
        ids.push(event.line);
        onBranch?.(event);
      } else {
        const about = event.type === 'prompt-scores' ? ids : [event.line];
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
