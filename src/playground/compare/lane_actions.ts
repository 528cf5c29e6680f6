/** Changes the lanes, and the selected lane and position. */
import type { NumberKey, SamplingParams } from '../../sampling/params.ts';
import { parameter } from '../../sampling/parameter_table.ts';
import { maxLanes } from '../limits.ts';
import { withoutHeat } from '../no_part.ts';
import { laneParams, type LanePatch } from '../settings.ts';
import { changeSettings } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import { seedLanes, sweepLanes, temperatureLanes } from './lane_gestures.ts';
import { compare, type Comparison } from './state.svelte.ts';

function setLanes(lanes: readonly LanePatch[]): void {
  changeSettings({ lanes: lanes.slice(0, maxLanes) });
  compare.look(compare.selected, Math.min(compare.focus, lanes.length - 1));
}

export function compareTemperatures(): void {
  setLanes(temperatureLanes());
}

export function compareSweep(key: NumberKey, from: number, to: number, steps: number): void {
  setLanes(sweepLanes(key, from, to, steps));
}

export function compareSeeds(count: number): void {
  setLanes(seedLanes(playground.settings.params.seed, count));
}

/** Adds a copy of the last lane. */
export function addLane(): void {
  const { lanes } = playground.settings;
  setLanes([...lanes, { ...lanes.at(-1) }]);
}

export function removeLane(lane: number): void {
  const { lanes } = playground.settings;
  if (lanes.length > 1) setLanes(lanes.filter((_, index) => index !== lane));
}

/** Sets one number of one lane, within the table's range, and whole if it must be. */
export function setLaneNumber(lane: number, key: NumberKey, value: number): void {
  const row = parameter(key);
  const bounded = Math.min(row.max, Math.max(row.min, value));
  patchLane(lane, { [key]: row.integer ? Math.round(bounded) : bounded } as LanePatch);
}

/** The lane takes the common value again. */
export function dropLaneNumber(lane: number, key: NumberKey): void {
  const { lanes } = playground.settings;
  const without = (patch: LanePatch): LanePatch =>
    Object.fromEntries(Object.entries(patch).filter(([name]) => name !== key));
  setLanes(lanes.map((patch, index) => (index === lane ? without(patch) : patch)));
}

function patchLane(lane: number, change: LanePatch): void {
  setLanes(
    playground.settings.lanes.map((patch, index) => (index === lane ? { ...patch, ...change } : patch)),
  );
}

/** The parameters of each lane by the current knobs. Its text ran with the same, unless the knobs were moved since. */
export function lanesNow(): SamplingParams[] {
  const { comparison } = compare;
  if (!comparison) return [];
  const { settings } = playground;
  const { kind } = comparison.strategy;
  if (kind === 'beam') return comparison.texts.map(({ params }) => withoutHeat(params));
  const own = kind === 'sample';
  return comparison.texts.map(({ params, lane }) =>
    own && lane < settings.lanes.length ? laneParams(settings, lane) : params,
  );
}

export function selectPlace(position: number | null, lane = compare.focus): void {
  compare.look(position, lane);
}

/** Moves along the focused lane's output; ±Infinity goes to its ends. */
export function moveAlong(by: number): void {
  const { position, comparison, focus } = compare;
  const text = comparison?.texts[focus];
  if (position === null || !text) return;
  const [first, last] = [text.promptLength, text.length - 1];
  const to = by === Infinity ? last : by === -Infinity ? first : position + by;
  compare.look(Math.min(last, Math.max(first, to)), focus);
}

export function focusLane(lane: number): void {
  const lanes = compare.comparison?.texts.length ?? 1;
  compare.look(compare.selected, (lane + lanes) % lanes);
}

/** The generator's stream of a lane or branch. Lanes share one or have their own, samples have their own, beams draw nothing. */
function streamOf({ strategy, sharedLuck, texts }: Comparison, lane: number): number {
  if (strategy.kind === 'beam' || (strategy.kind === 'sample' && sharedLuck)) return 0;
  return texts[lane]?.lane ?? 0;
}

/** Shows the lane's text in the playground, with the lane's parameters as the knobs. */
export function openInPlayground(lane: number): boolean {
  const { comparison } = compare;
  const text = comparison?.texts[lane];
  if (!comparison || !text || text.reason === null) return false;
  const strategy = comparison.strategy.kind;
  changeSettings({ params: text.params });
  playground.holdAlone({
    id: text.id,
    lane: 0,
    parent: null,
    forkedAt: null,
    stream: streamOf(comparison, lane),
    ...(strategy === 'sample' ? {} : { drawn: [{ from: text.promptLength, params: text.params, strategy }] }),
  });
  playground.show(text.id, compare.position);
  return true;
}
