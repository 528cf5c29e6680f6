import { PARAMETERS, type ParameterRow } from '../../../sampling/parameter_table.ts';
import type { SamplingParams, StageName } from '../../../sampling/params.ts';

/** The parameters of a stage, the one on its row first; none for the grammar and the bias, which have lists instead. */
export function stageParameters(stage: StageName): readonly ParameterRow[] {
  return PARAMETERS.filter((row) => row.stage === stage);
}

/** Whether a stage, as it is set, can change a distribution at all. */
export function isNeutral(stage: StageName, params: SamplingParams): boolean {
  if (params.off.includes(stage)) return true;
  if (stage === 'logit_bias') return params.logitBias.length === 0;
  return stageParameters(stage).every(({ key, neutral }) => neutral === null || params[key] === neutral);
}
