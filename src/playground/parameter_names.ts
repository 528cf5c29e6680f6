/** The name of a sampling parameter in a link, and in messages about links. */
import { PARAMETERS, type ParameterRow } from '../sampling/parameter_table.ts';
import type { NumberKey, SamplingParams } from '../sampling/params.ts';

const NOT_NUMBERS: Readonly<Record<Exclude<keyof SamplingParams, NumberKey>, string>> = {
  order: 'order',
  off: 'off',
  logitBias: 'logit_bias',
  dryBreakers: 'dry_breaker',
  grammar: 'grammar',
};

export function nameOf(row: ParameterRow): string {
  return row.key === 'temperature' ? 't' : row.name;
}

export function parameterName(key: keyof SamplingParams): string {
  const row = PARAMETERS.find((candidate) => candidate.key === key);
  return row ? nameOf(row) : NOT_NUMBERS[key as keyof typeof NOT_NUMBERS];
}
