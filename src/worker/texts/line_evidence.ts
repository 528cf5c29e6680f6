import type { TokenId } from '../../engines/contract.ts';
import type { KnownSteps, Rederiver } from '../../decoding/rederive.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { topTokens } from '../../sampling/ordering/ranking.ts';
import type { LineEvidence } from '../api/worker_api.ts';
import type { HeldLine } from './held_lines.ts';

/**
 * The likeliest raw candidates of each output position, with what the line's chain made of them: what a record keeps, so that
 * the step can be looked at without the model.
 * @param steps of every output, from the first on
 */
export async function lineEvidence(
  rederiver: Rederiver,
  line: HeldLine,
  params: SamplingParams,
  steps: KnownSteps,
  depth: number,
): Promise<LineEvidence> {
  const { tokenizer } = rederiver;
  const outputs = line.tokens.length - steps.from;
  const width = Math.min(depth, tokenizer.vocabularySize);
  const tokens = new Uint32Array(outputs * width);
  const rawLogprob = new Float64Array(outputs * width);
  const finalLogprob = new Float64Array(outputs * width);
  await rederiver.walk(line, params, steps, ({ sampler, draw, logits, index: output }) => {
    topTokens(logits, width).forEach((token: TokenId, place) => {
      const at = output * width + place;
      tokens[at] = token;
      rawLogprob[at] = logits[token]! - draw.rawLogNormaliser;
      finalLogprob[at] = sampler.finalLogprob(token);
    });
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
