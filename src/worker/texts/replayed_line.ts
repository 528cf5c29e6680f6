/** A text that stands, computed again: its words from its ids, and every number of every token. */
import type { TokenId } from '../../engines/contract.ts';
import { beamParams } from '../../decoding/strategies/beam.ts';
import { masksAlong } from '../../decoding/grammar/masks.ts';
import type { LogitRows } from '../../decoding/logit_memory.ts';
import type { KnownSteps, Rederiver, WalkedStep } from '../../decoding/rederive.ts';
import { rankOf, topTokens } from '../../sampling/ordering/ranking.ts';
import { maskedMass } from '../../sampling/trace_view.ts';
import type { PromptScores, ReplayRequest, ReplayedLine, TokenText } from '../api/worker_api.ts';
import type { HeldLine } from './held_lines.ts';
import { tokenTexts } from './token_text.ts';

/**
 * @param rows raw logits [vocabulary] of each output, from the first on; asked for once for each walk over them
 * @param prompt scores of the prompt's tokens; null where they cannot be had
 */
export async function replayedLine(
  rederiver: Rederiver,
  line: HeldLine,
  rows: () => LogitRows,
  prompt: PromptScores | null,
  { parts, depth, beams = false }: ReplayRequest,
): Promise<ReplayedLine> {
  const { tokenizer } = rederiver;
  const { tokens, promptLength } = line;
  const outputs = tokens.length - promptLength;
  const column = (): Float64Array => new Float64Array(outputs);
  const numbers = {
    rawLogprob: column(),
    finalLogprob: column(),
    rank: column(),
    entropy: column(),
    finalEntropy: column(),
    kept: column(),
    masked: column(),
  };
  const drawn = new Int32Array(outputs);
  const width = Math.min(depth, tokenizer.vocabularySize);
  const top = {
    depth: width,
    tokens: new Uint32Array(outputs * width),
    rawLogprob: new Float64Array(outputs * width),
    finalLogprob: new Float64Array(outputs * width),
  };
  for (const [index, { from, params }] of outputs === 0 ? [] : parts.entries()) {
    const first = index === 0 ? 0 : from - promptLength;
    const end = (parts[index + 1]?.from ?? tokens.length) - promptLength;
    const masks = await masksAlong(params, tokenizer, tokens.slice(promptLength, -1));
    const steps = (): KnownSteps => ({ from: promptLength, rows: rows(), masks });
    const number = ({ sampler, draw, logits, index: output }: WalkedStep): void => {
      if (output < first || output >= end) return;
      const stands = tokens[promptLength + output]!;
      drawn[output] = draw.token;
      numbers.rawLogprob[output] = logits[stands]! - draw.rawLogNormaliser;
      numbers.finalLogprob[output] = sampler.finalLogprob(stands);
      numbers.rank[output] = rankOf(logits, stands);
      numbers.entropy[output] = draw.rawEntropy;
      numbers.finalEntropy[output] = draw.finalEntropy;
      numbers.kept[output] = draw.kept;
      numbers.masked[output] = maskedMass(draw.stages) ?? NaN;
    };
    const list = ({ sampler, draw, logits, index: output }: WalkedStep): void => {
      if (output < first || output >= end) return;
      topTokens(logits, width).forEach((token: TokenId, place) => {
        const at = output * width + place;
        top.tokens[at] = token;
        top.rawLogprob[at] = logits[token]! - draw.rawLogNormaliser;
        top.finalLogprob[at] = sampler.finalLogprob(token);
      });
    };
    if (beams) {
      await rederiver.walk(line, beamParams(params), steps(), number);
      await rederiver.walk(line, params, steps(), list);
    } else {
      await rederiver.walk(line, params, steps(), (step) => {
        number(step);
        list(step);
      });
    }
  }
  const named = [...new Set([...top.tokens, ...drawn, ...tokens])];
  return {
    texts: wordsOf(line, rederiver),
    ended: tokenizer.endOfGeneration.has(tokens.at(-1)!),
    drawn,
    ...numbers,
    prompt,
    top,
    labels: new Map(named.map((token) => [token, tokenizer.label(token)])),
  };
}

/** As a run gives them: the prompt's by themselves, and the output's going on from there. */
function wordsOf({ tokens, promptLength }: HeldLine, { tokenizer }: Rederiver): TokenText[] {
  const decoder = tokenizer.decoder();
  const push = (token: TokenId): string => (tokenizer.kind(token) === 'control' ? '' : decoder.push(token));
  tokens.slice(0, promptLength).forEach(push);
  const output = tokens.slice(promptLength).map((token) => ({
    token,
    piece: push(token),
    label: tokenizer.label(token),
    kind: tokenizer.kind(token),
  }));
  const rest = decoder.end();
  const last = output.pop();
  if (last) output.push({ ...last, piece: last.piece + rest });
  return [...tokenTexts(tokens.slice(0, promptLength), tokenizer), ...output];
}
