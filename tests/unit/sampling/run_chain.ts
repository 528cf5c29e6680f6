import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import type { DryBreakers } from '../../../src/sampling/samplers/stage.ts';
import type { StepTrace } from '../../../src/sampling/trace.ts';
import { finalLogprob } from '../../../src/sampling/trace_view.ts';

export interface ChainRun {
  readonly trace: StepTrace;
  /** Final probability by token id. */
  readonly probabilities: number[];
  /** Ids of the living, ascending. */
  readonly survivors: number[];
  readonly sampler: Sampler;
}

export function logitsOf(probabilities: readonly number[]): Float32Array {
  return Float32Array.from(probabilities, Math.log);
}

/** One step of a chain that is neutral except for `change`. */
export function runChain(
  logits: Float32Array,
  change: Partial<SamplingParams>,
  options: { history?: readonly number[]; breakers?: DryBreakers; position?: number; stream?: number } = {},
): ChainRun {
  const sampler = new Sampler(
    { ...neutralParams(), ...change },
    {
      vocabularySize: logits.length,
      ...(options.breakers ? { dryBreakers: options.breakers } : {}),
      ...(options.stream === undefined ? {} : { stream: options.stream }),
    },
  );
  const history = options.history ?? [];
  sampler.sample(logits, { history, position: options.position ?? history.length });
  const trace = sampler.trace();
  const ids = Array.from(logits.keys());
  return {
    trace,
    probabilities: ids.map((id) => Math.exp(finalLogprob(trace, id))),
    survivors: ids.filter((id) => trace.fate[id] === 0),
    sampler,
  };
}
