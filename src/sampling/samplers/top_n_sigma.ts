import { stateless, type Stage } from './stage.ts';

/**
 * Removes logits below max − n·σ, σ the population standard deviation of the candidates' logits
 * (Tang et al., "Top-nσ: not all logits are you need", 2024). Neutral for n ≤ 0.
 */
export function topNSigma(n: number): Stage | null {
  if (n <= 0) return null;
  return stateless('top_n_sigma', (candidates) => {
    const { ids, logits, count } = candidates;
    if (count <= 1) return {};
    // From the maximum, so that a large common offset costs no digits.
    const max = candidates.maxLogit;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += logits[ids[i]!]! - max;
    const mean = sum / count;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const difference = logits[ids[i]!]! - max - mean;
      squares += difference * difference;
    }
    const bound = max - n * Math.sqrt(squares / count);
    candidates.keepLogits(bound, 1);
    return { cut: { quantity: 'logit', value: bound } };
  });
}
