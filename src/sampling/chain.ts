/** From parameters to the stages that run, in order. */
import { chainOrder } from './chain_order.ts';
import type { SamplingParams, StageName } from './params.ts';
import type { ChainContext, Stage } from './samplers/stage.ts';
import { BUILDERS } from './stages.ts';

/** A stage that runs in a chain, with the name that the trace gives it. */
export interface ChainStage {
  readonly name: StageName;
  readonly stage: Stage;
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
