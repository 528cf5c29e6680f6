/** Computes an existing text again: its words from its ids, and every number of every token. */
import type { TokenId } from '../../engines/contract.ts';
import { beamParams } from '../../decoding/strategies/beam.ts';
import { masksAlong } from '../../decoding/grammar/masks.ts';
import type { LogitRows } from '../../decoding/logit_memory.ts';
import type { Rederiver, WalkedStep } from '../../decoding/rederive.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { tokenNumbers, type TokenNumbers } from '../../sampling/token_numbers.ts';
import type { PromptScores, ReplayRequest, ReplayedText, TokenText } from '../api/worker_api.ts';
import type { HeldText } from './texts_by_id.ts';
import { CandidateColumns } from './text_evidence.ts';
import { tokenTexts } from './token_text.ts';

/**
 * @param rows raw logits [vocabulary] of each output, from the first on; called once per walk over them
 * @param prompt scores of the prompt's tokens; null where they cannot be had
 */
export async function replayedText(
  rederiver: Rederiver,
  text: HeldText,
  rows: () => LogitRows,
  prompt: PromptScores | null,
  { parts, depth, beams = false }: ReplayRequest,
): Promise<ReplayedText> {
  const { tokenizer } = rederiver;
  const { tokens, promptLength } = text;
  const outputs = tokens.length - promptLength;
  const numbers: TokenNumbers[] = [];
  const drawn = new Int32Array(outputs);
  const top = new CandidateColumns(tokenizer, outputs, depth);
  for (const [index, { from, params }] of outputs === 0 ? [] : parts.entries()) {
    const first = index === 0 ? 0 : from - promptLength;
    const end = (parts[index + 1]?.from ?? tokens.length) - promptLength;
    const masks = await masksAlong(params, tokenizer, tokens.slice(promptLength, -1));
    const walk = (chain: SamplingParams, visit: (step: WalkedStep) => void): Promise<void> =>
      rederiver.walk(text, chain, { from: promptLength, rows: rows(), masks }, (step) => {
        if (step.index >= first && step.index < end) visit(step);
      });
    const number = ({ sampler, draw, logits, index: output }: WalkedStep): void => {
      const stands = tokens[promptLength + output]!;
      drawn[output] = draw.token;
      numbers[output] = tokenNumbers(draw, logits, stands, sampler.finalLogprob(stands));
    };
    if (beams) {
      await walk(beamParams(params), number);
      await walk(params, (step) => top.add(step));
    } else {
      await walk(params, (step) => {
        number(step);
        top.add(step);
      });
    }
  }
  return {
    texts: wordsOf(text, rederiver),
    ended: tokenizer.endOfGeneration.has(tokens.at(-1)!),
    drawn,
    numbers,
    prompt,
    top: top.columns([...drawn, ...tokens]),
  };
}

/** Words as a run gives them: the prompt is decoded by itself, and the output continues from the prompt's last byte. */
function wordsOf({ tokens, promptLength }: HeldText, { tokenizer }: Rederiver): TokenText[] {
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
