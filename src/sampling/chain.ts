/** From parameters to the stages that run, in order. */
import { PARAMETERS } from './parameter_table.ts';
import { DEFAULT_ORDER, fullOrder, STAGES, type SamplingParams, type StageName } from './params.ts';
import type { ChainContext, Stage } from './samplers/stage.ts';
import { BUILDERS } from './stages.ts';

/** A stage that runs in a chain, with the name that the trace gives it. */
export interface ChainStage {
  readonly name: StageName;
  readonly stage: Stage;
}

/** The stages that may run, in the order in which they run. Neutral ones are still among them. */
export function chainOrder(params: SamplingParams): StageName[] {
  const order = fullOrder(params.order).filter((name) => params.order.includes(name) || isSet(name, params));
  const on = order.filter((name) => !params.off.includes(name));
  const steered = on.includes('mirostat') && params.mirostat > 0;
  const running = steered ? on.filter((name) => STAGES[name].withMirostat) : on;
  // Stages that pick by a rule of their own end the chain, mirostat before adaptive-p.
  const last = DEFAULT_ORDER.filter((name) => STAGES[name].kind === 'pick' && running.includes(name));
  return [...running.filter((name) => !last.includes(name)), ...last];
}

function isSet(stage: StageName, params: SamplingParams): boolean {
  return PARAMETERS.some((row) => row.stage === stage && params[row.key] !== row.default);
}

/** Each makes a new stage without a past, or null if the parameters are neutral. */
const BUILD: Readonly<Record<StageName, (params: SamplingParams, context: ChainContext) => Stage | null>> =
  BUILDERS;

/** The stages that are not neutral, new and without a past. */
export function buildChain(params: SamplingParams, context: ChainContext): ChainStage[] {
  return chainOrder(params).flatMap((name): ChainStage[] => {
    const stage = BUILD[name](params, context);
    return stage === null ? [] : [{ name, stage }];
  });
}

/** Whether a step depends on earlier draws, and not only on the text and its own logits. */
export function remembers(params: SamplingParams): boolean {
  return buildChain(params, { vocabularySize: 1 }).some(({ stage }) => stage.accept !== undefined);
}
