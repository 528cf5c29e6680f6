/** The run that the page opens with: shown at once, and brought to life when its model is there. */
import { worker } from './connection.ts';
import { allTokens } from './line.ts';
import { checkRecording, recordedLine } from './recording.ts';
import { playground } from './state.svelte.ts';

/** Shows the recording beside the page, if this copy has one and nothing else is shown yet. */
export async function openRecording(): Promise<void> {
  const response = await fetch(new URL('recording.json', document.baseURI));
  // A dev server answers a missing file with the page itself.
  if (!response.ok || !response.headers.get('content-type')?.includes('json')) return;
  const recording = checkRecording(await response.json());
  if (playground.lines.length > 0) return;
  const line = recordedLine(recording, playground.newId());
  playground.change({
    lines: [line],
    current: line.id,
    selected: line.promptLength + recording.highlight,
    recorded: { line: line.id, recording, state: 'recorded' },
    settings: { ...playground.settings, params: recording.params },
  });
  await reviveRecording();
}

/**
 * Gives the recorded text to the worker, when the loaded model is the one that wrote it: from then on every chart comes from
 * logits computed here, and the knobs act on it. Says whether this machine draws the same tokens.
 */
export async function reviveRecording(): Promise<void> {
  const { recorded, engine } = playground;
  if (!recorded || recorded.state !== 'recorded' || engine.phase !== 'ready') return;
  const { model } = engine.summary;
  const { recording } = recorded;
  const line = playground.lines.find(({ id }) => id === recorded.line);
  if (!line || model.name !== recording.model.name || model.fileSize !== recording.model.fileSize) return;
  await worker().adopt(line.id, {
    tokens: allTokens(line).map(({ token }) => token),
    promptLength: line.promptLength,
    stream: 0,
  });
  const again = await worker().rederive(line.id, recording.params);
  if (playground.recorded?.line !== line.id) return;
  const state = again?.firstDivergence === null ? 'reproduced' : 'differs';
  playground.change({ recorded: { ...recorded, state } });
}
