import { stateless, type Stage } from './stage.ts';

/** Keeps the k largest logits, ties by token id; neutral for k ≤ 0. `min_keep` does not hold here, as in llama.cpp. */
export function topK(k: number): Stage | null {
  if (k <= 0) return null;
  return stateless('top_k', (candidates) => {
    if (k >= candidates.count) return {};
    candidates.keepTop(k);
    return { cut: { quantity: 'logit', value: candidates.logits[candidates.ids[k - 1]!]! } };
  });
}
