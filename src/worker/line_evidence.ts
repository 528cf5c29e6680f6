import type { TokenId, Tokenizer } from '../engines/contract.ts';
import type { Masks } from '../decoding/grammar/masks.ts';
import type { SamplingParams } from '../sampling/params.ts';
import { topTokens } from '../sampling/scores.ts';
import type { LineEvidence } from './api.ts';
import type { HeldLine } from './held_lines.ts';
import { lineSampler } from './line_trace.ts';

/**
 * The likeliest raw candidates of each output position, with what the line's chain made of them: what a record keeps, so that
 * the step can be looked at without the model.
 * @param rows raw logits of each output position, [outputs][vocabulary]
 * @param masks what a grammar allowed at each; empty where there is none
 */
export function lineEvidence(
  line: HeldLine,
  rows: readonly Float32Array[],
  masks: Masks,
  params: SamplingParams,
  tokenizer: Tokenizer,
  depth: number,
): LineEvidence {
  const sampler = lineSampler(params, tokenizer, line.stream);
  const history = Int32Array.from(line.tokens);
  const width = Math.min(depth, tokenizer.vocabularySize);
  const tokens = new Uint32Array(rows.length * width);
  const rawLogprob = new Float64Array(rows.length * width);
  const finalLogprob = new Float64Array(rows.length * width);
  rows.forEach((logits, output) => {
    const position = line.promptLength + output;
    const allowed = masks[output] ?? null;
    const draw = sampler.sample(logits, { history: history.subarray(0, position), position, allowed });
    topTokens(logits, width).forEach((token: TokenId, index) => {
      const at = output * width + index;
      tokens[at] = token;
      rawLogprob[at] = logits[token]! - draw.rawLogNormaliser;
      finalLogprob[at] = sampler.finalLogprob(token);
    });
    sampler.accept(history[position]!);
  });
  const named = [...new Set([...tokens, ...line.tokens])];
  return {
    depth: width,
    tokens,
    rawLogprob,
    finalLogprob,
    labels: new Map(named.map((token) => [token, tokenizer.label(token)])),
    byHand: [...line.byHand],
    stream: line.stream,
  };
}
