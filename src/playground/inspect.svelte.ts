/** Keeps the inspector and the re-derived view in step with the selection and the knobs. */
import type { StepPlace } from '../worker/api/worker_api.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { askOnView } from './ask_on_view.ts';
import { worker } from './connection.ts';
import { drawnBy, type PageText } from './texts/text.ts';
import { sameParams } from './same_params.ts';
import { playground } from './state.svelte.ts';

interface Question {
  readonly place: StepPlace;
  readonly params: SamplingParams;
  readonly top: number;
  readonly draw: boolean;
}

/** Set while a view shows the draw of the inspected step, which then comes with the step. */
export const wanted = $state({ draw: false });

/** Whether the place moves with the end of the text, because none is held. */
function follows(): boolean {
  return playground.selected === null && playground.hovered === null;
}

/** Whether the text on view shows the figures of its record. */
function isRecorded(): boolean {
  return playground.recordedText?.state === 'recorded';
}

const inspect = askOnView({
  ask: ({ place, params, top, draw }: Question) => worker().inspect(place, params, { top, draw }),
  stands: ({ place }) =>
    place.text === playground.current &&
    !isRecorded() &&
    (place.position === playground.position || (follows() && playground.run.phase !== 'idle')),
  show: (view, { place }) => playground.showStep(view && { ...place, view }),
  follows,
});

const rederive = askOnView({
  // Decided here and not by the caller, so that a late answer does not survive after the knob has returned.
  ask: ({ text, params }: { text: PageText; params: SamplingParams }) =>
    drewAll(text, params) ? Promise.resolve(null) : worker().rederive(text.id, params),
  stands: ({ text }) => text.id === playground.current && text.length === playground.text?.length,
  show: (rederived, { text, params }) =>
    playground.showOverlay(rederived && { text: text.id, params, rederived }),
});

/** Whether sampling with these parameters drew the whole text. */
function drewAll(text: PageText, params: SamplingParams): boolean {
  return drawnBy(text).every((part) => part.strategy === 'sample' && sameParams(params, part.params));
}

/** Call once, while a component is being set up. */
export function followSelection(): void {
  $effect(() => {
    const { text, position, params, settings, engine, run } = playground;
    if (!text || position === null) return;
    const place = { text: text.id, position };
    if (isRecorded()) {
      const view = playground.recordedText?.view(position) ?? null;
      playground.showStep(view && { ...place, view });
      return;
    }
    // During a run, dropped logits cannot be computed again, so the question is repeated at its end.
    void (run.phase === 'idle');
    // While text streams the length grows, and the last position with it.
    if (engine.phase === 'ready') {
      inspect({ place, params, top: settings.view.top, draw: wanted.draw });
    } else playground.showStep(null);
  });

  $effect(() => {
    const { text, params, run, engine } = playground;
    // An overlay of other knobs says nothing about these.
    if (engine.phase !== 'ready' || isRecorded()) playground.showOverlay(null);
    else if (text && run.phase === 'idle') rederive({ text, params });
  });
}
