import { PARAMETERS, type ParameterRow } from '../../sampling/parameter_table.ts';
import { STAGES, type NumberKey, type SamplingParams, type StageName } from '../../sampling/params.ts';

/** vLLM's names for parameters that OpenAI lacks. */
const VLLM: Partial<Record<NumberKey, string>> = {
  topK: 'top_k',
  minP: 'min_p',
  repeatPenalty: 'repetition_penalty',
};
const LM_STUDIO: Partial<Record<NumberKey, string>> = { topK: 'top_k', repeatPenalty: 'repeat_penalty' };

/**
 * The name under which a server takes a parameter, or null if it does not take it.
 * @param ownedBy the owner that the server gives its models (`/v1/models`), which identifies the kind of server
 */
function nameFor(row: ParameterRow, ownedBy: string | null): string | null {
  switch (ownedBy) {
    case 'llamacpp':
      return row.llamaCpp;
    case 'vllm':
      return row.openai ?? VLLM[row.key] ?? null;
    case 'organization_owner':
      return row.openai ?? LM_STUDIO[row.key] ?? null;
    default:
      return row.openai;
  }
}

/** The parameters that this kind of server takes. */
export function takenBy(ownedBy: string | null): NumberKey[] {
  return PARAMETERS.filter((row) => nameFor(row, ownedBy) !== null).map(({ key }) => key);
}

/** The numbers of a request. Stages that do not run are sent at their neutral values, because the server has its own defaults. */
export function serverParameters(params: SamplingParams, ownedBy: string | null): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const row of PARAMETERS) {
    const name = nameFor(row, ownedBy);
    if (name === null) continue;
    const value = runs(row.stage, params) ? params[row.key] : row.neutral;
    if (value !== null) fields[name] = ownedBy === 'llamacpp' ? forLlamaCpp(row, value) : value;
  }
  return fields;
}

/** All sampling fields of a request. @param greedy take the likeliest token that the chain leaves */
export function serverFields(
  params: SamplingParams,
  ownedBy: string | null,
  greedy: boolean,
): Record<string, unknown> {
  return {
    ...serverParameters(params, ownedBy),
    ...(greedy ? { temperature: 0 } : {}),
    ...(ownedBy === 'llamacpp' ? llamaCppChain(params, greedy) : {}),
  };
}

function runs(stage: StageName | null, params: SamplingParams): boolean {
  return stage === null || (params.order.includes(stage) && !params.off.includes(stage));
}

/** llama.cpp's server rejects −1 for “the whole text” (build 11669), and takes the highest seed for “any”. */
function forLlamaCpp({ key, max }: ParameterRow, value: number): number {
  if ((key === 'penaltyLastN' || key === 'dryLastN') && value === -1) return max;
  return key === 'seed' ? Math.min(value, max - 1) : value;
}

/** The chain's order. Without it the server uses its own order, which has no adaptive-p. */
function llamaCppChain(params: SamplingParams, greedy: boolean): Record<string, unknown> {
  // As the last stage adaptive-p draws even when its target is off, and it would replace the greedy choice.
  const adaptive = params.adaptiveTarget >= 0 && !greedy;
  const stages = params.order.filter((stage) => runs(stage, params) && (stage !== 'adaptive_p' || adaptive));
  if (greedy && !stages.includes('temperature')) stages.push('temperature');
  const breakers = params.dryBreakers.length > 0 ? { dry_sequence_breakers: params.dryBreakers } : {};
  const samplers = stages.flatMap((stage) => {
    const { llamaCpp = stage } = STAGES[stage];
    return llamaCpp ?? [];
  });
  return { samplers, ...breakers };
}
