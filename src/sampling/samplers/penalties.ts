import type { SamplingParams } from '../params.ts';
import { stateless, type Stage } from './stage.ts';

/**
 * Repetition, frequency and presence penalties over the last `penaltyLastN` tokens, once per distinct token
 * (Keskar et al., CTRL, 2019, with llama.cpp's rule for negative logits; OpenAI's two).
 */
export function penalties(params: SamplingParams): Stage | null {
  const { penaltyLastN, repeatPenalty, frequencyPenalty, presencePenalty } = params;
  if (penaltyLastN === 0) return null;
  if (repeatPenalty === 1 && frequencyPenalty === 0 && presencePenalty === 0) return null;
  const counts = new Map<number, number>();
  return stateless('penalties', (candidates, { history }) => {
    counts.clear();
    const from = penaltyLastN < 0 ? 0 : Math.max(0, history.length - penaltyLastN);
    for (let i = from; i < history.length; i++) {
      const token = history[i]!;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    let changed = 0;
    for (const [token, count] of counts) {
      if (candidates.fate[token] !== 0) continue;
      const logit = candidates.logits[token]!;
      const repeated = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty;
      candidates.setLogit(token, repeated - count * frequencyPenalty - presencePenalty);
      changed++;
    }
    if (changed > 0) candidates.endChanges();
    return { changed };
  });
}
