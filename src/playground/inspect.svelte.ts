/** Keeps the inspector and the re-derived view in step with the selection and the knobs. */
import type { StepPlace } from '../worker/api.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { worker } from './connection.ts';
import { latestOnly } from './latest_only.ts';
import type { Line } from './line.ts';
import { notify } from './notices.ts';
import { sameParams } from './same_params.ts';
import { playground } from './state.svelte.ts';

interface Question {
  readonly place: StepPlace;
  readonly params: SamplingParams;
  readonly top: number;
}

/** While text streams the inspector follows it some eight times a second; a person's own moves are answered at once. */
const streamingPauseMs = 120;

const inspect = latestOnly(async ({ place, params, top }: Question) => {
  try {
    const view = await worker().inspect(place, params, { top });
    playground.change({ inspected: view ? { ...place, view } : null });
  } catch (error) {
    playground.change({ inspected: null });
    notify('error', error instanceof Error ? error.message : String(error));
  }
  const following = playground.selected === null && playground.hovered === null;
  if (following && playground.run.phase === 'decode') {
    await new Promise((resolve) => setTimeout(resolve, streamingPauseMs));
  }
});

const rederive = latestOnly(async ({ line, params }: { line: Line; params: SamplingParams }) => {
  // Decided here and not by the caller: an answer that is still on its way must not outlive the knob's return.
  if (sameParams(params, line.params)) {
    playground.change({ overlay: null });
    return;
  }
  try {
    const rederived = await worker().rederive(line.id, params);
    if (playground.line?.id === line.id) {
      playground.change({ overlay: rederived ? { line: line.id, params, rederived } : null });
    }
  } catch (error) {
    playground.change({ overlay: null });
    notify('error', error instanceof Error ? error.message : String(error));
  }
});

/** Call once, while a component is being set up. */
export function followSelection(): void {
  $effect(() => {
    const { line, position, params, settings } = playground;
    if (!line || position === null) return;
    const recorded = playground.recordedLine;
    if (recorded?.state === 'recorded') {
      const view = recorded.view(position);
      playground.change({ inspected: view && { line: line.id, position, view } });
      return;
    }
    // While text streams the length grows, and the last position with it.
    if (playground.engine.phase !== 'ready') return;
    inspect({ place: { line: line.id, position }, params, top: settings.view.top });
  });

  $effect(() => {
    const { line, params, run, engine } = playground;
    if (!line || engine.phase !== 'ready' || run.phase !== 'idle') return;
    if (playground.recordedLine?.state === 'recorded') return;
    rederive({ line, params });
  });
}
