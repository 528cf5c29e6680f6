import { PARAMETERS, type ParameterRow } from '../sampling/parameter_table.ts';
import type { NumberKey, SamplingParams } from '../sampling/params.ts';

/** vLLM's own names for what OpenAI has none. */
const VLLM: Partial<Record<NumberKey, string>> = {
  topK: 'top_k',
  minP: 'min_p',
  repeatPenalty: 'repetition_penalty',
};
const LM_STUDIO: Partial<Record<NumberKey, string>> = { topK: 'top_k', repeatPenalty: 'repeat_penalty' };

/**
 * The name under which a server takes a parameter, or null where it takes none.
 * @param ownedBy who the server says its models belong to (`/v1/models`): tells one kind of server from another
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

/** The sampling fields of a request. A stage that is off or not in the chain is sent at its neutral value: the server has defaults of its own. */
export function serverParameters(params: SamplingParams, ownedBy: string | null): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const row of PARAMETERS) {
    const name = nameFor(row, ownedBy);
    if (name === null) continue;
    const runs = row.stage === null || (params.order.includes(row.stage) && !params.off.includes(row.stage));
    const value = runs ? params[row.key] : row.neutral;
    if (value !== null) fields[name] = value;
  }
  return fields;
}
