/** Numbers of a prompt's tokens, as the page shows them. */
import type { PromptRecord } from '../../decoding/events.ts';
import { PromptScorer } from '../../decoding/prompt_scores.ts';
import type { Engine, TokenId } from '../../engines/contract.ts';
import type { PromptScores } from '../api/worker_api.ts';

/** Prompts with more bytes of logits are not scored, because they would push the text's logits out of memory. */
const scoredPromptBytes = 64 * 1024 * 1024;

/** @param length of the prompt, in tokens */
export function promptScored({ capabilities, model }: Engine, length: number): boolean {
  return capabilities.promptLogprobs && length * model.vocabularySize * 4 <= scoredPromptBytes;
}

/** Reads a prompt only for its scores; null if a run would not score it either. */
export async function scoredPrompt(
  engine: Engine,
  prompt: readonly TokenId[],
  signal: AbortSignal,
): Promise<PromptScores | null> {
  if (prompt.length === 0 || !promptScored(engine, prompt.length)) return null;
  const scorer = new PromptScorer(prompt);
  const onLogits = (position: number, logits: Float32Array): void => scorer.push(position, logits);
  const { sequence } = await engine.session.prefill(prompt, { onLogits, signal });
  engine.session.release(sequence);
  return promptScores(scorer.records);
}

export function promptScores(records: readonly PromptRecord[]): PromptScores {
  const column = (read: (record: PromptRecord) => number | null): Float64Array =>
    Float64Array.from(records, (record) => read(record) ?? NaN);
  return {
    rawLogprob: column((record) => record.rawLogprob),
    rank: column((record) => record.rank),
    entropy: column((record) => record.entropy),
  };
}
