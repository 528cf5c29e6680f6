/** Several distributions over one list of tokens: those of lanes, or those of one lane over its temperature. */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { StepTrace } from '../../sampling/trace.ts';
import { finalLogprob, rawLogprob, tokenFate, topOf } from '../../sampling/trace_view.ts';
import type { LaneDistribution, LaneDistributions, TemperatureStrip } from '../api/views.ts';
import { contextNumbers, sharedTokens } from '../api/shared_tokens.ts';
import { stepFigures } from './step_view.ts';

/** A step of a lane with its trace. */
export interface LaneStep {
  readonly trace: StepTrace;
  readonly before: readonly TokenId[];
  readonly chosen: TokenId | null;
  readonly drawn: boolean;
}

/** Bands of a temperature strip: more could not be told apart. */
const maxBands = 12;

/**
 * @param steps null where a lane's logits are not known
 * @param top tokens to list: those with the highest final probability over all lanes; chosen ones always among them
 */
export function laneDistributions(
  steps: readonly (LaneStep | null)[],
  top: number,
  tokenizer: Tokenizer,
): LaneDistributions {
  const known = steps.filter((step) => step !== null);
  const chosen = known.flatMap((step) => (step.chosen === null ? [] : [step.chosen]));
  const candidates = new Set([
    ...chosen,
    ...known.flatMap(({ trace }) => [...topOf(trace, top, 'final'), ...topOf(trace, top, 'raw')]),
  ]);
  const weight = (token: TokenId): number =>
    known.reduce(
      (sum, { trace }) =>
        // A removed token ranks behind those that some lane may draw.
        sum + Math.exp(finalLogprob(trace, token)) + 1e-3 * Math.exp(rawLogprob(trace, token)),
      0,
    );
  const weights = new Map(Array.from(candidates, (token) => [token, weight(token)]));
  const tokens = sharedTokens(weights, new Set(chosen), top);
  const contexts = contextNumbers(known.map(({ before }) => before));
  return {
    tokens,
    labels: tokens.map((token) => tokenizer.label(token)),
    lanes: steps.map((step) => step && distribution(step, tokens, contexts[known.indexOf(step)]!)),
  };
}

function distribution(
  { trace, chosen, drawn }: LaneStep,
  tokens: readonly TokenId[],
  context: number,
): LaneDistribution {
  const final = Float64Array.from(tokens, (token) => Math.exp(finalLogprob(trace, token)));
  const listed = new Set(tokens);
  let rest = 0;
  for (let token = 0; token < trace.raw.length; token++) {
    if (trace.fate[token] === 0 && !listed.has(token)) rest += Math.exp(finalLogprob(trace, token));
  }
  return {
    context,
    chosen,
    raw: Float64Array.from(tokens, (token) => Math.exp(rawLogprob(trace, token))),
    final,
    removedBy: tokens.map((token) => tokenFate(trace, token).removedBy),
    rest,
    ...stepFigures(trace, drawn),
  };
}

/** @param traces one for each temperature, over the same logits */
export function temperatureStrip(
  temperatures: readonly number[],
  traces: readonly StepTrace[],
  chosen: TokenId | null,
  tokenizer: Tokenizer,
): TemperatureStrip {
  const first = traces[0]!;
  const candidates = new Set(traces.flatMap((trace) => [...topOf(trace, maxBands, 'final')]));
  if (chosen !== null) candidates.add(chosen);
  const bands = [...candidates].map((token) => {
    const probability = Float64Array.from(traces, (trace) => Math.exp(finalLogprob(trace, token)));
    const widest = token === chosen ? Infinity : Math.max(...probability);
    return { token, label: tokenizer.label(token), probability, widest };
  });
  return {
    temperatures: Float64Array.from(temperatures),
    chosen,
    bands: bands
      .sort((a, b) => b.widest - a.widest || a.token - b.token)
      .slice(0, maxBands)
      .sort((a, b) => first.raw[b.token]! - first.raw[a.token]! || a.token - b.token)
      .map(({ token, label, probability }) => ({ token, label, probability })),
  };
}
