/** The run that the page opens with: shown at once, and brought to life when its model is there. */
import type { LineId } from '../worker/api/worker_api.ts';
import { worker } from './connection.ts';
import { hold, isModel } from './texts/held_texts.ts';
import type { Line } from './texts/line.ts';
import { writtenFrom } from './prompt_actions.ts';
import { checkRecording, recordedLine, recordedView } from './recording.ts';
import { playground } from './state.svelte.ts';
import type { Recorded, RecordedModel } from './texts/recorded.ts';

/** Shows the recording beside the page, if this copy has one and nothing else is shown yet. */
export async function openRecording(takeParams: boolean): Promise<void> {
  const response = await fetch(new URL('recording.json', document.baseURI));
  // A dev server answers a missing file with the page itself.
  if (!response.ok || !response.headers.get('content-type')?.includes('json')) return;
  const recording = checkRecording(await response.json());
  if (playground.lines.length > 0) return;
  const line = recordedLine(recording, playground.newId());
  // Whatever the page was opened with: a text is not shown under a prompt that is not its own.
  const { mode, prompt } = playground.settings;
  if (mode !== 'text' || !writtenFrom(line, prompt)) return;
  playground.change({
    lines: [line],
    current: line.id,
    selected: line.promptLength + recording.highlight,
    recorded: [
      {
        line: line.id,
        origin: 'page',
        model: recording.model,
        stream: 0,
        byHand: [],
        view: (position) => recordedView(recording, position),
        state: 'recorded',
      },
    ],
    ...(takeParams ? { settings: { ...playground.settings, params: recording.params } } : {}),
  });
  await reviveRecording();
}

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
