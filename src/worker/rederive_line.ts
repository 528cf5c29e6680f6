import type { Tokenizer } from '../engines/contract.ts';
import type { Masks } from '../decoding/grammar/masks.ts';
import { maskedMass } from '../sampling/trace_view.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { Rederived } from './api.ts';
import type { HeldLine } from './held_lines.ts';
import { lineSampler } from './line_trace.ts';

/**
 * What the chain with other parameters would have drawn at each output position, given the text before it as it stands.
 * @param rows raw logits of each output position, [outputs][vocabulary]
 * @param masks what a grammar allowed at each; empty where there is none
 */
export function rederiveLine(
  line: HeldLine,
  rows: readonly Float32Array[],
  masks: Masks,
  params: SamplingParams,
  tokenizer: Tokenizer,
): Rederived {
  const sampler = lineSampler(params, tokenizer, line.stream);
  const all = Int32Array.from(line.tokens);
  const outputs = rows.length;
  const tokens = new Int32Array(outputs);
  const finalLogprob = new Float64Array(outputs);
  const finalEntropy = new Float64Array(outputs);
  const kept = new Float64Array(outputs);
  const masked = new Float64Array(outputs);
  let firstDivergence: number | null = null;
  rows.forEach((logits, output) => {
    const position = line.promptLength + output;
    const allowed = masks[output] ?? null;
    const draw = sampler.sample(logits, { history: all.subarray(0, position), position, allowed });
    const stands = all[position]!;
    tokens[output] = line.byHand.has(output) ? stands : draw.token;
    finalLogprob[output] = sampler.finalLogprob(stands);
    finalEntropy[output] = draw.finalEntropy;
    kept[output] = draw.kept;
    masked[output] = maskedMass(draw.stages) ?? NaN;
    if (firstDivergence === null && tokens[output] !== stands) firstDivergence = output;
    sampler.accept(stands);
  });
  const labels = Array.from(tokens, (token) => tokenizer.label(token));
  return { tokens, labels, finalLogprob, finalEntropy, kept, masked, firstDivergence };
}
