/** Which stages run, in which order, and how a stage is switched on and off. The page reads this too, so it needs no builder. */
import { PARAMETERS, type ParameterRow } from './parameter_table.ts';
import {
  DEFAULT_ORDER,
  fullOrder,
  STAGES,
  type NumberKey,
  type SamplingParams,
  type StageName,
} from './params.ts';

/** The stages that may run, in the order in which they run. Neutral ones are still among them. */
export function chainOrder(params: SamplingParams): StageName[] {
  const order = fullOrder(params.order).filter((name) => params.order.includes(name) || isSet(name, params));
  const on = order.filter((name) => !params.off.includes(name));
  const running = isSteered(params) ? on.filter((name) => STAGES[name].withMirostat) : on;
  // Stages that pick by a rule of their own end the chain, mirostat before adaptive-p.
  const last = DEFAULT_ORDER.filter((name) => STAGES[name].kind === 'pick' && running.includes(name));
  return [...running.filter((name) => !last.includes(name)), ...last];
}

function isSet(stage: StageName, params: SamplingParams): boolean {
  return stageParameters(stage).some((row) => params[row.key] !== row.default);
}

/** Whether mirostat steers the text, in place of most other stages. */
function isSteered(params: SamplingParams): boolean {
  return params.order.includes('mirostat') && !params.off.includes('mirostat') && params.mirostat > 0;
}

/** The parameters of a stage, the one on its row first; none for the grammar and the bias, which have lists instead. */
export function stageParameters(stage: StageName): readonly ParameterRow[] {
  return PARAMETERS.filter((row) => row.stage === stage);
}

/** Whether a stage with these numbers changes nothing, switched off or not. */
export function isIdle(stage: StageName, params: SamplingParams): boolean {
  // Each definition reads only its own part of the parameters, so the definitions have no parameter type in common.
  return STAGES[stage].idle(params as never);
}

/** Whether a stage plays a part: it is in the chain, it is not switched off, and its numbers are not neutral. */
export function isOn(stage: StageName, params: SamplingParams): boolean {
  return !isIdle(stage, params) && chainOrder(params).includes(stage);
}

/** Whether a stage waits until mirostat, which takes its place, is off. */
export function isReplaced(stage: StageName, params: SamplingParams): boolean {
  return isSteered(params) && !STAGES[stage].withMirostat;
}

/** The number with which a parameter takes part: its own, or the neutral one while its stage is off. */
export function numberInPlay({ key, stage, neutral }: ParameterRow, params: SamplingParams): number {
  return stage === null || neutral === null || isOn(stage, params) ? params[key] : neutral;
}

/**
 * What switches a stage on or off. A stage that is off keeps its numbers and has them again when it is on. If those change
 * nothing, it gets the fewest new ones with which it does.
 */
export function switchStage(stage: StageName, params: SamplingParams, on: boolean): Partial<SamplingParams> {
  const off = params.off.filter((name) => name !== stage);
  if (!on) return { off: [...off, stage] };
  if (!isIdle(stage, params)) return { off };
  const rows = stageParameters(stage);
  const enough = rows.find((row) => !isIdle(stage, { ...params, [row.key]: row.start }));
  const started = Object.fromEntries((enough ? [enough] : rows).map(({ key, start }) => [key, start]));
  return { off, ...started };
}

/** What sets a number. A number that does something also switches its stage on. */
export function changeNumber(key: NumberKey, value: number, params: SamplingParams): Partial<SamplingParams> {
  const { stage, neutral } = PARAMETERS.find((row) => row.key === key)!;
  const patch = { [key]: value } as Partial<SamplingParams>;
  if (stage === null || neutral === null || !params.off.includes(stage)) return patch;
  return isIdle(stage, { ...params, ...patch })
    ? patch
    : { ...patch, ...switchStage(stage, params, true), ...patch };
}
