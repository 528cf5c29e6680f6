import { stateless, type Stage } from './stage.ts';

/**
 * Removes tokens less likely than `p` times the most likely (Nguyen et al., 2024), which is kept whatever p is.
 * Neutral for p ≤ 0.
 */
export function minP(p: number, minKeep: number): Stage | null {
  if (p <= 0) return null;
  const distance = Math.log(p);
  return stateless('min_p', (candidates) => {
    const bound = candidates.maxLogit + distance;
    candidates.keepLogits(bound, Math.max(1, minKeep));
    return { cut: { quantity: 'logit', value: bound } };
  });
}
