import { matchPattern } from '../../../scripts/headless/match_pattern.ts';
import { runDecoding } from '../../../src/decoding/decode.ts';
import type { RunEvent, RunResult, RunSpec, StepRecord } from '../../../src/decoding/events.ts';
import type { RunOptions } from '../../../src/decoding/run.ts';
import type { Engine } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';

export interface ScriptedRun {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
  readonly records: readonly StepRecord[];
  readonly engine: Engine;
}

export function lane(change: Partial<SamplingParams> = {}): { params: SamplingParams } {
  return { params: { ...defaultParams(), ...change } };
}

/** A run over the scripted engine, or another; by default one lane, 24 tokens. */
export async function runScripted(
  change: Partial<RunSpec> = {},
  options: RunOptions & { readonly engine?: Engine; readonly text?: string } = {},
): Promise<ScriptedRun> {
  const { engine = new ScriptedEngine(), text = 'Once upon a time', ...rest } = options;
  const events: RunEvent[] = [];
  const spec: RunSpec = {
    prompt: engine.tokenizer.encode(text, { addSpecial: true }),
    strategy: { kind: 'sample' },
    lanes: [lane()],
    stop: { maxTokens: 24, sequences: [] },
    ...change,
  };
  const result = await runDecoding(engine, spec, {
    matchPattern,
    ...rest,
    onEvent: (event) => {
      events.push(structuredClone(event));
      rest.onEvent?.(event);
    },
  });
  const records = events.flatMap((event) => (event.type === 'step' ? event.records : []));
  return { result, events, records, engine };
}
