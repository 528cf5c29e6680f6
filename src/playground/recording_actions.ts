/** Texts from records, brought to life when their model is there. */
import type { LineId } from '../worker/api/worker_api.ts';
import { worker } from './connection.ts';
import { hold, isModel } from './texts/held_texts.ts';
import type { Line } from './texts/line.ts';
import { playground } from './state.svelte.ts';
import type { Recorded, RecordedModel } from './texts/recorded.ts';

/**
 * Gives the page's own and the kept texts to the worker, when the loaded model is the one that wrote them: from then on every
 * chart comes from logits computed here, and the knobs act on it. Of the page's own text it is said whether this machine draws
 * the same tokens.
 */
export async function reviveRecording(): Promise<void> {
  for (const { line: id, origin } of playground.recorded) {
    if (origin === 'page' || origin === 'kept') await revive(id, origin === 'page');
  }
}

async function revive(id: LineId, compare: boolean): Promise<void> {
  const recorded = playground.recorded.find((entry) => entry.line === id);
  const line = playground.lines.find((candidate) => candidate.id === id);
  if (!line || recorded?.state !== 'recorded' || !modelIsHere(recorded.model)) return;
  await adoptLine(line, recorded);
  const again = compare ? await worker().rederive(id, line.params) : null;
  markRecorded(id, again === null ? 'live' : again.firstDivergence === null ? 'reproduced' : 'differs');
}

/** Whether the loaded model is the one that wrote a text: same name, same size. */
export function modelIsHere(model: RecordedModel): boolean {
  if (playground.engine.phase !== 'ready') return false;
  return isModel(playground.engine.summary, model);
}

/** The worker holds the text from now on, as if it had been made here. */
export function adoptLine(line: Line, { stream, byHand }: Recorded): Promise<void> {
  return hold(line, stream, byHand);
}

export function markRecorded(id: LineId, state: Recorded['state']): void {
  playground.change({
    recorded: playground.recorded.map((entry) => (entry.line === id ? { ...entry, state } : entry)),
  });
}
