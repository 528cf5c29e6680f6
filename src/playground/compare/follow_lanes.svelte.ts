/** Keeps the charts of the lanes in step with the selection and the knobs. */
import { untrack } from 'svelte';
import type { SamplingParams } from '../../sampling/params.ts';
import { askOnView } from '../ask_on_view.ts';
import { worker } from '../connection.ts';
import { notifyFailure } from '../notices.ts';
import { playground } from '../state.svelte.ts';
import { lanesNow } from './lane_actions.ts';
import { recordedDistributions, recordedLanes, reviveLanes } from './recorded_lanes.ts';
import { compare, type Comparison } from './state.svelte.ts';

/** How many tokens the overlaid distributions list by name. */
const listed = 14;
/** T = 0, 0.05 … 2. */
const temperatures: readonly number[] = Array.from({ length: 41 }, (_, i) => i / 20);

interface Question {
  readonly comparison: Comparison;
  readonly focus: number;
  readonly position: number;
  readonly params: readonly SamplingParams[];
}

const askDistributions = askOnView({
  ask: ({ comparison, focus, position, params }: Question) => {
    const beams = comparison.strategy.kind === 'beam';
    const places = comparison.texts.map(({ id, length }, lane) => ({
      // A lane that ended before the place has nothing there. Of many beams, only the focused one is shown.
      place: { text: id, position: position < length && (!beams || lane === focus) ? position : -1 },
      params: params[lane]!,
    }));
    return worker().distributions(places, listed);
  },
  stands: ({ comparison, position }) =>
    compare.comparison?.id === comparison.id &&
    !recordedLanes() &&
    // Without a held place, the position moves on while the lanes agree.
    (compare.position === position || (compare.selected === null && playground.run.phase !== 'idle')),
  show: (views, { position }) => (compare.distributions = views && { position, views }),
  follows: () => true,
});

interface StripQuestion {
  readonly text: number;
  readonly position: number;
  readonly params: SamplingParams;
}

const askStrip = askOnView({
  ask: ({ text, position, params }: StripQuestion) =>
    worker().temperatureStrip({ place: { text, position }, params }, temperatures),
  stands: ({ text, position }) => {
    const shown = stripQuestion();
    return shown?.text === text && shown.position === position;
  },
  show: (strip) => (compare.strip = strip),
});

/** Call once, while the view is being set up. */
export function followLanes(): void {
  $effect(() => {
    const { comparison, position, focus } = compare;
    const recorded = recordedLanes();
    if (comparison && position !== null && recorded) {
      const beams = comparison.strategy.kind === 'beam';
      const views = recorded.map((entry, lane) =>
        beams && lane !== focus ? null : (entry?.view(position) ?? null),
      );
      compare.distributions = {
        position,
        views: recordedDistributions(comparison.texts, views, position, listed),
      };
    }
  });

  /** What the charts show, as a string, which does not change while lanes stream beyond the place on view. */
  const asked = $derived.by(() => {
    const { comparison, position, focus } = compare;
    if (!comparison || position === null || playground.engine.phase !== 'ready' || recordedLanes())
      return null;
    const there = comparison.texts.map(({ length }) => position < length);
    // During a run, dropped logits cannot be computed again, so the question is repeated at its end.
    return JSON.stringify([
      comparison.id,
      position,
      focus,
      there,
      lanesNow(),
      playground.run.phase === 'idle',
    ]);
  });
  $effect(() => {
    if (asked === null) {
      // Nothing can answer for this place now. Lanes from a record are handled above.
      if (!untrack(recordedLanes)) compare.distributions = null;
      return;
    }
    untrack(() => {
      const { comparison, position, focus } = compare;
      if (comparison && position !== null)
        askDistributions({ comparison, focus, position, params: lanesNow() });
    });
  });

  $effect(() => {
    if (playground.engine.phase === 'ready' && compare.comparison) untrack(reviveLanes).catch(notifyFailure);
  });

  /** What the strip shows, as a string without the temperature, so that moving the temperature does not ask for it again. */
  const shown = $derived.by(() => {
    const question = stripQuestion();
    return question && JSON.stringify({ ...question, params: { ...question.params, temperature: null } });
  });
  $effect(() => {
    if (playground.engine.phase !== 'ready' || playground.run.phase !== 'idle') return;
    const question = shown === null ? null : untrack(stripQuestion);
    if (question) askStrip(question);
    else compare.strip = null;
  });
}

function stripQuestion(): StripQuestion | null {
  const { comparison, position, focus } = compare;
  if (recordedLanes()) return null;
  const text = comparison?.texts[focus];
  const params = lanesNow()[focus];
  if (!text || !params || position === null || position >= text.length) return null;
  return { text: text.id, position, params };
}
