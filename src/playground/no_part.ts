/** Which controls play no part in what Compare would run, so that the page does not show them as if they did. */
import { parameter } from '../sampling/parameter_table.ts';
import {
  fullOrder,
  STAGES,
  type NumberKey,
  type SamplingParams,
  type StageName,
} from '../sampling/params.ts';
import { laneParams, type Settings } from './settings.ts';

/** A beam search takes the most likely texts of what the chain leaves, so stages that heat or pick are left out. */
export function withoutHeat(params: SamplingParams): SamplingParams {
  return { ...params, order: fullOrder(params.order).filter((stage) => STAGES[stage].forBeams) };
}

function runsBeams({ view, method }: Settings): boolean {
  return view.page === 'compare' && method.kind === 'beam';
}

export function stageHasPart(stage: StageName, settings: Settings): boolean {
  return STAGES[stage].forBeams || !runsBeams(settings);
}

/** Why the common value of a parameter has no effect on the run of this view, in a few words; null if it has. */
export function noPart(key: NumberKey, settings: Settings): string | null {
  const { view, method, lanes } = settings;
  if (runsBeams(settings)) {
    const { stage } = parameter(key);
    if (key === 'seed') return 'plays no part';
    return stage !== null && !STAGES[stage].forBeams ? 'plays no part in a beam search' : null;
  }
  const own =
    view.page === 'compare' && method.kind === 'lanes' && lanes.every((patch) => patch[key] !== undefined);
  if (!own) return null;
  return lanes.length === 1 ? 'the lane has its own' : 'each lane has its own';
}

/** Whether two lanes can draw the same u at the same position, which needs the same seed. */
export function canShareLuck(settings: Settings): boolean {
  const seeds = settings.lanes.map((_, lane) => laneParams(settings, lane).seed);
  return new Set(seeds).size < seeds.length;
}
