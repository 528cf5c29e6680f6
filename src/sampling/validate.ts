/** Checks parameters from outside (a link, a flag, a form, another program) before any chain uses them. */
import { SamplingError } from './errors.ts';
import { PARAMETERS } from './parameter_table.ts';
import { STAGES, type SamplingParams } from './params.ts';

/** A bias beyond this would drown every other number. */
const MAX_BIAS = 1e6;

/**
 * @param vocabularySize when known, the tokens of the logit bias are checked against it
 * @returns one sentence per problem
 */
export function paramProblems(params: SamplingParams, vocabularySize = Infinity): string[] {
  const problems: string[] = [];
  for (const { key, label, min, max, integer } of PARAMETERS) {
    const value = params[key];
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      problems.push(`${label} is ${String(value)}, but must be from ${min} to ${max}.`);
    } else if (integer && !Number.isInteger(value)) {
      problems.push(`${label} is ${value}, but must be a whole number from ${min} to ${max}.`);
    }
  }
  for (const name of [...params.order, ...params.off]) {
    if (!Object.hasOwn(STAGES, name)) {
      problems.push(`There is no stage "${name}"; the stages are ${Object.keys(STAGES).join(', ')}.`);
    }
  }
  const twice = params.order.find((name, i) => params.order.indexOf(name) !== i);
  if (twice !== undefined) problems.push(`The order names the stage "${twice}" twice; name it once.`);
  for (const { token, bias } of params.logitBias) {
    if (!Number.isInteger(token) || token < 0 || token >= vocabularySize) {
      problems.push(
        `The logit bias names token ${token}, but the vocabulary's tokens are 0 to ${vocabularySize - 1}.`,
      );
    }
    if (!(bias === -Infinity || Math.abs(bias) <= MAX_BIAS)) {
      problems.push(
        `The logit bias of token ${token} is ${bias}, but must be within ±${MAX_BIAS} or −∞ for a ban.`,
      );
    }
  }
  if (params.dryBreakers.some((text) => text === '')) {
    problems.push('A DRY breaker is empty; remove it or give it a text.');
  }
  return problems;
}

/** @throws SamplingError `bad-parameter` with the first problem */
export function checkParams(params: SamplingParams, vocabularySize?: number): void {
  const [problem] = paramProblems(params, vocabularySize);
  if (problem !== undefined) throw new SamplingError('bad-parameter', problem);
}
